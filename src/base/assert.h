// LEAT_ASSERT states an invariant of Leat's own code. It must never depend on the content of a packet.
#pragma once

#include <cassert>

#define LEAT_ASSERT(condition) assert(condition)
