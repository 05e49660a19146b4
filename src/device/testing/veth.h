// A virtual cable between two interfaces, for the body of a test in a namespace of its own.
#pragma once

#include <string>

namespace leat::testing {

/// Makes a veth pair and returns when frames pass both ways: for a moment after the second side is up, the kernel
/// refuses to send on the first, because it hears of the carrier late.
void make_veth(const std::string& one, const std::string& other);

}  // namespace leat::testing
