// Exploration of loss recovery: one Stack sends up to 40 segments to another over a path whose faults a seed decides
// segment by segment, and the sender is watched at every step. Called by explore_main.cc.
#pragma once

#include <cstdint>
#include <string>

namespace leat::sim {

struct Exploration {
  std::string failure;  ///< empty: all arrived, and no rule was broken
  std::string story;    ///< every segment, for a failure
  std::uint64_t segments = 0, retransmissions = 0, time_outs = 0, undone = 0;
};

/// The seed decides the pattern, the size, and whether SACK and timestamps are used. `sabotage`: the window that the
/// receiver offers is told to the checker too small, so that it must complain.
Exploration explore(std::uint64_t seed, bool sabotage);

}  // namespace leat::sim
