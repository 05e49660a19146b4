// Plays many scripts and prints a table. They are played in other processes: what ends one of those is the failure of a
// script, and the others go on.
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

/// Files as they are named, and those of folders and what is below them, sorted.
std::vector<std::string> find_scripts(const std::vector<std::string>& paths);

/// Plays the scripts, reports (suite_report.h), and returns the exit status of the program.
int run_suite(const Arguments& arguments, const PlayScript& play_script);

}  // namespace leat::drill
