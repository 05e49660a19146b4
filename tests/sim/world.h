// Runs the plan of one seed with two Stacks and two wires in virtual time. main.cc calls it.
#pragma once

#include <string>

#include "plan.h"
#include "wire.h"

namespace leat::sim {

struct Outcome {
  std::string failure;              ///< empty if all bytes are right, all connections ended, and nothing remains
  std::string story;                ///< after a failure: the state of the ends and the last frames
  std::uint64_t bytes = 0;          ///< bytes that were read and are right
  std::uint64_t retransmitted = 0;  ///< retransmitted segments
  Duration lasted{};                ///< virtual time
  ImpairmentCounters to_server, to_client;
};

Outcome run(const Plan& plan, bool sabotage);

}  // namespace leat::sim
