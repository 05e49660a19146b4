#include "drill/knobs.h"

#include <algorithm>

#include "drill/cursor.h"

namespace leat::drill {
namespace {

using Words = std::vector<std::string>;

/// Simple commands and their words, as sh would cut them; nothing when there is more than we know of sh's grammar.
std::optional<std::vector<Words>> simple_commands(std::string_view text) {
  std::vector<Words> commands(1);
  std::string word;
  bool in_word = false;
  char quote = 0;
  const auto end_word = [&] {
    if (in_word) commands.back().push_back(word);
    word.clear(), in_word = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '"' || c == '\'') {
      quote = c, in_word = true;
    } else if (c == '\\' && i + 1 < text.size()) {
      if (text[++i] != '\n') word += text[i], in_word = true;
    } else if (c == ';' || c == '\n' || (c == '&' && text.substr(i).starts_with("&&"))) {
      end_word();
      if (c == '&') ++i;
      if (!commands.back().empty()) commands.emplace_back();
    } else if (c == '#' && !in_word) {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (is_space(c)) {
      end_word();
    } else if (c == '|' || c == '&' || c == '<' || c == '$' || c == '(' || c == ')') {
      return std::nullopt;
    } else if (c == '>') {
      end_word();
      commands.back().push_back(">");
    } else {
      word += c, in_word = true;
    }
  }
  if (quote != 0) return std::nullopt;
  end_word();
  if (commands.back().empty()) commands.pop_back();
  return commands;
}

/// "/proc/sys/net/ipv4/tcp_sack" and "net/ipv4/tcp_sack" are net.ipv4.tcp_sack.
std::optional<std::string> knob_name(std::string_view path) {
  constexpr std::string_view kRoot = "/proc/sys/";
  const bool absolute = path.starts_with(kRoot);
  if (absolute) path.remove_prefix(kRoot.size());
  std::string name(path);
  if (name.find('/') != std::string::npos || absolute) std::replace(name.begin(), name.end(), '/', '.');
  if (!name.starts_with("net.")) return std::nullopt;
  return name;
}

/// name=value
bool add_assignment(std::string_view text, std::vector<Knob>& knobs) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  auto name = knob_name(text.substr(0, equals));
  if (!name) return false;
  knobs.push_back({std::move(*name), std::string(text.substr(equals + 1))});
  return true;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool add_sysctl(const Words& words, std::vector<Knob>& knobs) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].starts_with("-")) continue;
    // sysctl takes blanks around "=" when they are quoted, and "name = value" in three words never.
    if (words[i] == ">") return i + 2 == words.size();  // output thrown away
    if (!add_assignment(words[i], knobs)) return false;
  }
  return true;
}

bool add_echo(const Words& words, std::vector<Knob>& knobs) {
  const auto arrow = std::find(words.begin(), words.end(), ">");
  if (arrow == words.end() || arrow + 2 != words.end()) return false;
  std::string value;
  for (auto word = words.begin() + 1; word != arrow; ++word) value += (value.empty() ? "" : " ") + *word;
  auto name = knob_name(arrow[1]);
  if (!name || !arrow[1].starts_with("/proc/sys/")) return false;
  knobs.push_back({std::move(*name), std::move(value)});
  return true;
}

bool add_command(const Words& words, std::vector<Knob>& knobs) {
  const std::string_view program = base_name(words[0]);
  if (program == "true" || program == ":" || program == "sync") return true;
  if (program == "sysctl") return add_sysctl(words, knobs);
  if (program == "echo") return add_echo(words, knobs);
  // Scripts that suites share: the defaults are a stack's own, or come as name=value; to undo is no concern of a stack
  // that ends with the script.
  if (program == "defaults.sh" && words.size() == 1) return true;
  if (program.starts_with("sysctl_restore") || program == "restore_defaults.sh") return true;
  if (program.find("sysctl") != std::string_view::npos) {
    return std::all_of(words.begin() + 1, words.end(), [&](const auto& word) { return add_assignment(word, knobs); });
  }
  return false;
}

bool is_restoring(std::string_view command) {
  // /tmp/sysctl_restore_${PPID}.sh: what such a script of defaults leaves behind to undo it.
  return command.find("sysctl_restore") != std::string_view::npos && command.find('\n') == std::string_view::npos;
}

}  // namespace

std::optional<std::vector<Knob>> knobs_of(std::string_view command) {
  if (is_restoring(command)) return std::vector<Knob>{};
  const auto commands = simple_commands(command);
  if (!commands) return std::nullopt;
  std::vector<Knob> knobs;
  for (const Words& words : *commands) {
    if (!add_command(words, knobs)) return std::nullopt;
  }
  return knobs;
}

}  // namespace leat::drill
