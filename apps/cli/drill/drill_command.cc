#include "cli/drill/drill_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cli/complain.h"
#include "device/pcapng.h"
#include "drill/arguments.h"
#include "drill/player.h"
#include "drill/suite.h"
#include "drill_leat/subject.h"

namespace leat::command {
namespace {

namespace drill = leat::drill;

struct DrillOptions {
  std::vector<std::string> words;  ///< of the language, as they would stand in front of a script
  std::vector<std::string> paths;
  std::string pcap;
};

/// Every packet of a run, with the times of the script.
class Capture {
 public:
  explicit Capture(const std::string& path) : out_(path, std::ios::binary) {
    pcapng::Buffer begin;
    pcapng::add_section(begin, "leat drill " LEAT_VERSION);
    pcapng::add_interface(begin, {pcapng::LinkType::raw_ip, "drill", "the script's wire"});
    write(begin);
  }
  bool is_open() const { return out_.good(); }
  void add(drill::Direction direction, Duration time, Bytes packet) {
    pcapng::Buffer block;
    pcapng::PacketFacts facts;
    facts.time = static_cast<std::uint64_t>(time.count());
    facts.direction = direction == drill::Direction::in ? pcapng::Direction::inbound : pcapng::Direction::outbound;
    pcapng::add_packet(block, facts, packet);
    write(block);
  }

 private:
  void write(const pcapng::Buffer& bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out_.flush();  // the process of a script ends without destructors
  }
  std::ofstream out_;
};

int run_drill(const DrillOptions& options) {
  std::vector<std::string> words = options.words;
  words.insert(words.end(), options.paths.begin(), options.paths.end());
  auto arguments = drill::read_arguments(words);
  if (!arguments) {
    std::fprintf(stderr, "leat drill: %s\n", arguments.error().c_str());
    return kUsage;
  }
  arguments->program = "leat drill";
  std::shared_ptr<Capture> capture;
  if (!options.pcap.empty()) {
    // Scripts use the same addresses, ports and times: in one file they would look like one muddled connection.
    if (const std::size_t scripts = drill::find_scripts(arguments->paths).size(); scripts > 1) {
      std::fprintf(stderr, "leat drill: --pcap is for one script; here are %zu\n", scripts);
      return kUsage;
    }
    capture = std::make_shared<Capture>(options.pcap);
    if (!capture->is_open()) {
      std::fprintf(stderr, "leat drill: cannot write %s\n", options.pcap.c_str());
      return kUsage;
    }
    arguments->play.tap = [capture](drill::Direction d, Duration t, Bytes p) { capture->add(d, t, p); };
  }
  return drill::run_suite(*arguments, drill::play_on_leat);
}

constexpr const char* kDrillDescription = R"(play TCP scripts against Leat, in virtual time

A script says which packets and system calls happen when, and what the stack must send and return. It is played against
Leat's sockets and stack without a device, a clock or root: a minute of script takes a millisecond. A folder's scripts
(*.pkt) run in parallel. docs/drill.md describes the language.

Commands of a script that set something Leat has under the same name (sysctl net.ipv4.tcp_..., ip route, init scripts)
set it. A script that needs another command, or a feature that Leat lacks, is skipped with the reason.)";

constexpr const char* kDrillFooter = R"(EXIT STATUS
0   no script failed, and at least one passed
1   a script failed; with --fail-on-skip also when one was skipped
2   bad option, or a script that cannot be read
77  every script was skipped

EXAMPLES
  leat drill tests/scripts
  leat drill -v --pcap run.pcapng tests/scripts/handshake/passive.pkt
  leat drill --json --fail-on-skip -D CODE=host_unreachable FILE.pkt

SEE ALSO
drill-kernel plays the same scripts against the kernel.
)";

CLI::Option* add_setting(CLI::App& command, const std::shared_ptr<DrillOptions>& options, const std::string& name,
                         const std::string& value, const std::string& description) {
  return command
      .add_option_function<std::string>(
          "--" + name, [options, name](const std::string& text) { options->words.push_back("--" + name + "=" + text); },
          description)
      ->type_name(value);
}

CLI::Option* add_word(CLI::App& command, const std::shared_ptr<DrillOptions>& options, const std::string& names,
                      const std::string& word, const std::string& description) {
  return command.add_flag_callback(
      names, [options, word] { options->words.push_back(word); }, description);
}

}  // namespace

void add_drill(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DrillOptions>();
  CLI::App* command = app.add_subcommand("drill", kDrillDescription);
  command->footer(kDrillFooter);
  command->add_option("PATH", options->paths, "Scripts, and folders of them.")->required()->type_name("PATH");
  command
      ->add_option_function<std::vector<std::string>>(
          "-D,--define",
          [options](const std::vector<std::string>& defines) {
            for (const std::string& define : defines) options->words.push_back("-D" + define);
          },
          "Replace the word SYM in scripts by VALUE.")
      ->type_name("SYM=VALUE")
      ->allow_extra_args(false);
  add_setting(*command, options, "ip_version", "V",
              "ipv4, ipv4-mapped-ipv6 or ipv6. Scripts of the latter two are skipped.");
  add_setting(*command, options, "mtu", "N", "MTU of the script's wire; 1500 unless the script says otherwise.");
  add_setting(*command, options, "local_ip", "ADDRESS", "Leat's address.");
  add_setting(*command, options, "remote_ip", "ADDRESS", "The script's address.");
  add_setting(*command, options, "bind_port", "PORT", "What bind() binds to.");
  add_setting(*command, options, "connect_port", "PORT", "What connect() connects to.");
  add_setting(*command, options, "tolerance_usecs", "N", "How far a time may be off, at least.");
  add_setting(*command, options, "tolerance_percent", "N", "The same, as a part of the time since the event before.");
  add_setting(*command, options, "tcp_ts_tick_usecs", "N", "Judge TSvals of Leat's, which tick so often.");
  add_setting(*command, options, "init_scripts", "FILES", "Read these files of settings first, as defaults.sh.");
  add_setting(*command, options, "non_fatal", "WHAT", "packet,syscall: only warn of what differs there.");
  add_setting(*command, options, "jobs", "N", "Scripts at once; as many as there are processors.");
  // Other players' options are taken, so that their command lines work; docs/drill.md says what each does here.
  for (const char* name : {"mss", "gateway_ip", "netmask_ip", "speed", "code_command", "code_format", "code_sockopt",
                           "so_filename", "so_flags"}) {
    add_setting(*command, options, name, "VALUE", "")->group("");
  }
  for (const char* name : {"--is_anyip", "--send_omit_free", "--tcp_ts_ecr_scaled", "--tcp_ts_ecr_exact", "--debug"}) {
    add_word(*command, options, name, name, "")->group("");
  }
  add_word(*command, options, "--strict_segments", "--strict_segments",
           "Do not join segments that the script has as one.");
  add_word(*command, options, "--lenient", "--lenient",
           "Do not judge transport checksums, TSecr, reserved bits, and segments left at the end of a script.");
  add_word(*command, options, "--fail-on-skip", "--fail-on-skip", "Exit with 1 when a script was skipped.");
  add_word(*command, options, "--json", "--json", "Print one JSON document: verdict, line and message of each script.");
  add_word(*command, options, "--dry_run", "--dry_run", "Only read the scripts.");
  add_word(*command, options, "-q,--quiet", "-q", "Print no line for scripts that pass.");
  add_word(*command, options, "-v,--verbose", "-v", "Print what happens, as it happens.");
  command->add_option("--pcap", options->pcap, "Write every packet of the one script to FILE (pcapng).")
      ->type_name("FILE");
  command->callback([options, &exit_code] { exit_code = run_drill(*options); });
}

}  // namespace leat::command
