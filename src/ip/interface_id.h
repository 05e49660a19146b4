// How interfaces are named inside the stack.
#pragma once

#include <cstdint>

namespace leat {

/// Numbered from 1; 0 is no interface. The same number is the scope of link-local addresses on it.
using InterfaceId = std::uint32_t;

}  // namespace leat
