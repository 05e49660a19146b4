// The clock of what runs in real time. The stack and the emulator are told the time by whoever calls them.
#pragma once

#include "leat/time.h"

namespace leat {

/// CLOCK_MONOTONIC as the stack counts time.
Instant monotonic_now();

}  // namespace leat
