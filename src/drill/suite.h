// Plays many scripts and reports. They are played in other processes: a script that ends its process has failed, and
// the others go on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "drill/arguments.h"
#include "drill/player.h"
#include "drill/script.h"

namespace leat::drill {

/// Plays one parsed script; called in a child process.
using PlayScript = std::function<Verdict(const Script&, const PlayOptions&)>;

/// The named files, and the scripts in and below the named folders, sorted.
std::vector<std::string> find_scripts(const std::vector<std::string>& paths);

/// Plays the scripts, reports (suite_report.h), and returns the exit status of the program.
int run_suite(const Arguments& arguments, const PlayScript& play_script);

}  // namespace leat::drill
