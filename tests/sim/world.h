// Runs the plan of one seed: two Stacks, two wires, all in virtual time. Called by main.cc.
#pragma once

#include <string>

#include "plan.h"
#include "wire.h"

namespace leat::sim {

struct Outcome {
  std::string failure;              ///< empty: every byte right, everything ended, nothing left over
  std::string story;                ///< for a failure: the ends' state and the last frames
  std::uint64_t bytes = 0;          ///< read and found right
  std::uint64_t retransmitted = 0;  ///< segments
  Duration lasted{};                ///< virtual time
  ImpairmentCounters to_server, to_client;
};

Outcome run(const Plan& plan, bool sabotage);

}  // namespace leat::sim
