// Reads the shell commands of scripts without a shell. Their changes to a stack under test become Knobs (subject.h). It
// knows sysctl, echo into /proc/sys, ip route, ip tcp_metrics, ethtool, tc and sleep, and reads the files of init
// scripts for the same commands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drill/subject.h"
#include "leat/time.h"

namespace leat::drill {

struct ReadCommand {
  std::vector<Knob> knobs;
  Duration pause{};                ///< of `sleep`
  std::vector<std::string> shell;  ///< commands that only a shell can run, each with the reason
  std::vector<std::string> notes;  ///< parts of init scripts that were passed over
  std::string trouble;             ///< an init script that cannot be read; empty: none
};

/// Files are looked for in the working folder, which is the script's.
ReadCommand read_command(std::string_view command);
/// An init script of --init_scripts.
ReadCommand read_init_script(const std::string& file);

}  // namespace leat::drill
