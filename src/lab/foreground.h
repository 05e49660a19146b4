// Waiting for a process in the lab as a shell would: signals go on to it, the terminal comes back afterwards.
#pragma once

#include "lab/process.h"

namespace leat::lab {

/// Waits for `process`, which should have been started with own_group = false. SIGINT, SIGQUIT, SIGTERM and SIGHUP
/// sent to the caller meanwhile are passed on, but for those from the terminal, which the process gets as well;
/// a process that outlives SIGTERM or SIGHUP by five seconds is killed.
ExitStatus wait_in_foreground(Process& process);

}  // namespace leat::lab
