// The command line of a program that plays scripts: the options of scripts and a few more.
#pragma once

#include <string>
#include <vector>

#include "drill/player.h"
#include "drill/settings.h"
#include "leat/expected.h"

namespace leat::drill {

struct Arguments {
  std::string program = "drill-kernel";  ///< for messages
  std::vector<OptionText> settings;      ///< applied over each script's own
  std::vector<std::string> paths;        ///< scripts, and folders of them
  PlayOptions play;
  unsigned jobs = 0;  ///< scripts at once; 0: as many as there are processors
  /// Starting a process takes longer than most scripts take in virtual time. On the kernel each script needs its own.
  std::size_t most_per_process = 16;
  bool quiet = false;         ///< no line for each script that passed
  bool fail_on_skip = false;  ///< a skipped script is as bad as a failed one
  bool json = false;          ///< print one JSON document in place of lines
};

/// -v, --lenient, --jobs=N, -q, --json, --fail-on-skip, -D SYM=val and any option of a script. The error says what is
/// wrong.
expected<Arguments, std::string> read_arguments(const std::vector<std::string>& words);

}  // namespace leat::drill
