// Randomness from the system, for seeds and station addresses.
#pragma once

#include "base/bytes.h"
#include "leat/address.h"

namespace leat {

/// Fills `out` from getrandom(2). Ends the process when the system has no randomness: no secret may be guessable.
void fill_random(MutableBytes out);

/// A locally administered unicast address with 46 random bits.
MacAddress random_mac();

}  // namespace leat
