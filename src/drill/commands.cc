#include "drill/commands.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "drill/shell.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

using Words = std::vector<std::string>;
/// Why a command needs a shell; empty when it does not.
using Reason = std::string;

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// "/proc/sys/net/ipv4/tcp_sack" and "net/ipv4/tcp_sack" are net.ipv4.tcp_sack.
std::string knob_name(std::string_view path) {
  constexpr std::string_view kRoot = "/proc/sys/";
  if (path.starts_with(kRoot)) path.remove_prefix(kRoot.size());
  std::string name(path);
  // The first separator decides: "net.ipv4.conf.eth0/1.x" keeps its slash.
  if (name.find('/') < name.find('.')) std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

class CommandReader {
 public:
  explicit CommandReader(ReadCommand& out) : out_(out) {}
  void read(std::string_view text, bool is_file);
  /// False when the file cannot be read.
  bool read_file(const std::string& path);

 private:
  using Run = Reason (CommandReader::*)(const ShellCommand&);
  struct Program {
    std::string_view name;
    Run run;
  };
  static const std::array<Program, 26> kPrograms;

  Reason run(const ShellCommand& command);
  Reason nothing(const ShellCommand&) { return {}; }
  Reason sysctl(const ShellCommand& command);
  Reason echo(const ShellCommand& command);
  Reason sleep(const ShellCommand& command);
  Reason ip(const ShellCommand& command);
  Reason ip_route(const Words& words, std::size_t at);
  Reason ip_link(const Words& words, std::size_t at);
  Reason traffic_control(const ShellCommand& command);
  Reason assignments(const ShellCommand& command);
  Reason run_by_shell(const ShellCommand& command);
  Reason file(const std::string& path);

  void add(std::string name, std::string value) {
    out_.knobs.push_back({std::move(name), std::move(value), depth_ > 0 || may_fail_});
  }

  static constexpr int kDeepest = 4;

  ReadCommand& out_;
  ShellVariables variables_{{"PPID", "0"}, {"PACKETDRILL_PID", "0"}};  // parts of the names of restoring scripts
  int depth_ = 0;                                                      ///< of init scripts in init scripts
  bool may_fail_ = false;                                              ///< the command that is read
};

const std::array<CommandReader::Program, 26> CommandReader::kPrograms = {{{"sysctl", &CommandReader::sysctl},
                                                                          {"echo", &CommandReader::echo},
                                                                          {"printf", &CommandReader::echo},
                                                                          {"sleep", &CommandReader::sleep},
                                                                          {"usleep", &CommandReader::sleep},
                                                                          {"ip", &CommandReader::ip},
                                                                          {"tc", &CommandReader::traffic_control},
                                                                          {"sh", &CommandReader::run_by_shell},
                                                                          {"bash", &CommandReader::run_by_shell},
                                                                          {".", &CommandReader::run_by_shell},
                                                                          {"source", &CommandReader::run_by_shell},
                                                                          // These change nothing that a script can see.
                                                                          {"ethtool", &CommandReader::nothing},
                                                                          {"modprobe", &CommandReader::nothing},
                                                                          {"kldload", &CommandReader::nothing},
                                                                          {"ulimit", &CommandReader::nothing},
                                                                          {"set", &CommandReader::nothing},
                                                                          {"umask", &CommandReader::nothing},
                                                                          {"true", &CommandReader::nothing},
                                                                          {":", &CommandReader::nothing},
                                                                          {"sync", &CommandReader::nothing},
                                                                          {"nstat", &CommandReader::nothing},
                                                                          {"ss", &CommandReader::nothing},
                                                                          {"date", &CommandReader::nothing},
                                                                          {"dmesg", &CommandReader::nothing},
                                                                          {"exit", &CommandReader::nothing},
                                                                          {"cd", &CommandReader::nothing}}};

/// sysctl [-q] [-w] name=value…
Reason CommandReader::sysctl(const ShellCommand& command) {
  for (std::size_t i = 1; i < command.words.size(); ++i) {
    const std::string& word = command.words[i];
    if (word == "-p" || word.starts_with("--load")) return "it reads a file of settings";
    if (word.starts_with("-")) continue;
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) continue;  // it prints the value
    add(knob_name(std::string_view(word).substr(0, equals)), word.substr(equals + 1));
  }
  return {};
}

/// echo value > /proc/sys/…
Reason CommandReader::echo(const ShellCommand& command) {
  if (command.output.empty() || command.output == "/dev/stderr") return {};
  if (!command.output.starts_with("/proc/sys/")) return "it writes a file";
  std::string value;
  for (std::size_t i = 1; i < command.words.size(); ++i) {
    if (i == 1 && (command.words[i] == "-n" || command.words[i] == "-e")) continue;
    value += (value.empty() ? "" : " ") + command.words[i];
  }
  add(knob_name(command.output), std::move(value));
  return {};
}

Reason CommandReader::sleep(const ShellCommand& command) {
  if (command.words.size() != 2) return "its arguments";
  char* end = nullptr;
  const double value = std::strtod(command.words[1].c_str(), &end);
  constexpr double kMostSeconds = 1e6;
  const double factor = command.words[0] == "usleep" ? 1e-6 : *end == 'm' ? 60 : 1;
  if (end == command.words[1].c_str() || !(value >= 0 && value * factor < kMostSeconds)) return "its argument";
  out_.pause += Duration(static_cast<Duration::rep>(value * factor * 1e9));
  return {};
}

/// ip route add|change|replace …: attributes of the route become knobs. Its destination is ignored.
Reason CommandReader::ip_route(const Words& words, std::size_t at) {
  if (at >= words.size()) return {};
  const std::string_view verb = words[at];
  if (verb == "show" || verb == "list" || verb == "get" || verb == "flush") return {};
  const bool changes = verb == "add" || verb == "change" || verb == "chg" || verb == "replace" || verb == "append";
  if (!changes) return concat("it does \"ip route ", verb, "\"");
  constexpr std::array<std::string_view, 8> kWhere = {"dev", "via", "src", "table", "proto", "scope", "metric", "pref"};
  for (std::size_t i = at + 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool names_route = word == "default" || word.find_first_of(".:/") != std::string::npos;
    if (names_route || word == "onlink") continue;
    const bool is_locked = i + 1 < words.size() && words[i + 1] == "lock";
    const std::size_t value = is_locked ? i + 2 : i + 1;
    if (value >= words.size()) return concat("\"", word, "\" is no attribute of a route");
    const bool is_where = std::find(kWhere.begin(), kWhere.end(), word) != kWhere.end();
    if (!is_where) add("route." + word, words[value]);
    i = value;
  }
  return {};
}

Reason CommandReader::ip_link(const Words& words, std::size_t at) {
  bool any = false;
  for (std::size_t i = at; i < words.size(); ++i) {
    if (words[i] == "mtu" && i + 1 < words.size()) add("link.mtu", words[++i]), any = true;
    else if (words[i].starts_with("gso_") || words[i].starts_with("gro_") || words[i].starts_with("tso_"))
      ++i, any = true;
  }
  return any ? "" : "it changes links";
}

Reason CommandReader::ip(const ShellCommand& command) {
  const Words& words = command.words;
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with("-")) ++at;
  if (at >= words.size()) return {};
  const std::string_view object = words[at];
  // A stack that begins with the script remembers no peers.
  if (object.starts_with("tcp_m") || object == "tcpmetrics") return {};
  if (object.starts_with("ro") || object == "r") return ip_route(words, at + 1);
  if (object.starts_with("l")) return ip_link(words, at + 1);
  return concat("it does \"ip ", object, "\"");
}

Reason CommandReader::traffic_control(const ShellCommand& command) {
  const auto& words = command.words;
  if (std::find(words.begin(), words.end(), "netem") != words.end()) return "netem";
  return {};
}

/// A program that takes name=value and sets each, as suites have for sysctls.
Reason CommandReader::assignments(const ShellCommand& command) {
  for (std::size_t i = 1; i < command.words.size(); ++i) {
    const std::string& word = command.words[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) return concat("its argument \"", word, "\"");
    add(knob_name(std::string_view(word).substr(0, equals)), word.substr(equals + 1));
  }
  return {};
}

Reason CommandReader::run_by_shell(const ShellCommand& command) {
  std::size_t at = 1;
  while (at < command.words.size() && command.words[at].starts_with("-")) {
    if (command.words[at++].find('c') == std::string::npos) continue;
    if (at >= command.words.size()) return "its arguments";
    const std::string text = command.words[at];
    if (++depth_ <= kDeepest) read(text, false);
    --depth_;
    return {};
  }
  return at < command.words.size() ? file(command.words[at]) : Reason("its arguments");
}

Reason CommandReader::file(const std::string& path) {
  const std::string_view name = base_name(path);
  // Restoring scripts undo an init script. They have nothing to do, since the stack ends with the script.
  if (name.find("restore") != std::string_view::npos) return {};
  if (read_file(path)) return {};
  const std::string why = concat(path, ": ", std::strerror(errno));
  if (name.find("defaults") != std::string_view::npos) {
    out_.notes.push_back(concat("the init script is not there, and Linux's defaults stand: ", why));
  } else if (out_.trouble.empty()) {
    out_.trouble = concat("cannot read the init script ", why, " (looked for beside the script)");
  }
  return {};
}

Reason CommandReader::run(const ShellCommand& command) {
  const std::string_view name = base_name(command.words[0]);
  for (const Program& program : kPrograms) {
    if (program.name == name) return (this->*program.run)(command);
  }
  if (name.find("sysctl") != std::string_view::npos && name.find("restore") == std::string_view::npos) {
    return assignments(command);
  }
  const bool is_script = name.ends_with(".sh") || name.ends_with(".bash");
  if (!is_script) return "Leat cannot run programs";
  if (command.words.size() > 1) return "an init script with arguments";
  return file(command.words[0]);
}

void CommandReader::read(std::string_view text, bool is_file) {
  for (const ShellCommand& command : read_shell(text, variables_)) {
    may_fail_ = command.may_fail;
    const Reason reason = !command.unreadable.empty() ? "it has " + command.unreadable : run(command);
    if (reason.empty()) continue;
    std::string shown = command.text.substr(0, command.text.find('\n'));
    auto& list = is_file || command.may_fail ? out_.notes : out_.shell;
    list.push_back(concat(shown, " (", reason, ")"));
  }
}

bool CommandReader::read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || errno == EISDIR) return false;
  if (++depth_ <= kDeepest) read(text.str(), true);
  --depth_;
  return true;
}

}  // namespace

ReadCommand read_command(std::string_view command) {
  ReadCommand out;
  CommandReader(out).read(command, false);
  return out;
}

ReadCommand read_init_script(const std::string& file) {
  ReadCommand out;
  if (!CommandReader(out).read_file(file)) {
    out.trouble = concat("--init_scripts: cannot read ", file, ": ", std::strerror(errno));
  }
  return out;
}

}  // namespace leat::drill
