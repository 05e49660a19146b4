// The segments that are left when a script ends and that no line has asked for, in words.
#pragma once

#include <string>
#include <vector>

#include "drill/wire_state.h"

namespace leat::drill {

/// A line for each, and whether Linux sends such segments as well.
std::string leftovers_text(const std::vector<const WaitingPacket*>& leftovers);

}  // namespace leat::drill
