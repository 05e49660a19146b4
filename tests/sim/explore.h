// Explores loss recovery: one Stack sends up to 40 segments to another. A seed decides the fault of each segment, and
// each step of the sender is checked. explore_main.cc calls it.
#pragma once

#include <cstdint>
#include <string>

namespace leat::sim {

struct Exploration {
  std::string failure;  ///< empty if all data arrived and no rule was broken
  std::string story;    ///< all segments, after a failure
  std::uint64_t segments = 0, retransmissions = 0, time_outs = 0, undone = 0;
};

/// The seed decides the pattern, the size, and whether SACK and timestamps are used. With `sabotage` the checker gets
/// too small a window, and must report it.
Exploration explore(std::uint64_t seed, bool sabotage);

}  // namespace leat::sim
