// Short connections one after another between two Stacks in virtual time, with all ways to end. A connection must leave
// nothing behind but its TIME-WAIT, and a TIME-WAIT must not prevent a new connection. churn_main.cc calls it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "leat/time.h"

namespace leat::sim {

struct ChurnPlan {
  std::uint64_t connections = 0;
  std::uint64_t per_second = 1500;  ///< in virtual time; ports are reused within a TIME-WAIT
  std::size_t memory_bound = 0;     ///< bytes by which memory may change after a tenth; 0: no check
  bool sabotage = false;            ///< does not close one connection: the run must fail
};

struct ChurnOutcome {
  std::string failure;  ///< empty for success
  Duration lasted{};    ///< virtual time
  /// Connections whose four-tuple was in TIME-WAIT at the server when they were opened.
  std::uint64_t met_time_wait = 0;
  std::uint64_t most_time_wait = 0;                       ///< most entries at once, of both ends
  std::size_t memory_at_a_tenth = 0, memory_at_most = 0;  ///< resident bytes
};

ChurnOutcome churn(const ChurnPlan& plan);

}  // namespace leat::sim
