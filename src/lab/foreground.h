// Waits for a process in the lab as a shell does: passes signals on to it, and takes the terminal back afterwards.
#pragma once

#include "lab/process.h"

namespace leat::lab {

/// Waits for `process`, which should have been started with own_group = false. Passes on SIGINT, SIGQUIT, SIGTERM and
/// SIGHUP, except for those from the terminal, which the process receives as well. Kills a process that does not end
/// within five seconds of SIGTERM or SIGHUP.
ExitStatus wait_in_foreground(Process& process);

}  // namespace leat::lab
