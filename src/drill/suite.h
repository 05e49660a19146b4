// Plays many scripts, each in a process of its own so that none can harm another, and prints a table.
#pragma once

#include <functional>

#include "drill/arguments.h"
#include "drill/player.h"
#include "drill/script.h"

namespace leat::drill {

/// Plays one parsed script; called in a child process.
using PlayScript = std::function<Verdict(const Script&, const PlayOptions&)>;

/// Prints a line for each script, why it failed or was skipped, and the sum. 0 when no script failed, 1 when one did, 2
/// when there is no script.
int run_suite(const Arguments& arguments, const PlayScript& play_script);

}  // namespace leat::drill
