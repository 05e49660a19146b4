// The clock of everything that runs in real time. The callers of the Stack and of the emulator pass them the time.
#pragma once

#include "leat/time.h"

namespace leat {

/// CLOCK_MONOTONIC as the stack counts time.
Instant monotonic_now();

}  // namespace leat
