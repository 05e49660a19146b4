// The fuzzer's way in: any bytes as a script. Never crashes. Called by a test and by fuzz/drill_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leat::drill {

/// Parses `data` for each IP version; what parses is taken through everything that needs no subject.
void drill_fuzz(const std::uint8_t* data, std::size_t size);

}  // namespace leat::drill
