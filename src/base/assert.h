// LEAT_ASSERT: states an invariant of our own code. Never put it on anything a packet can influence.
#pragma once

#include <cassert>

#define LEAT_ASSERT(condition) assert(condition)
