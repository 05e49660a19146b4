// Short connections one after another between two Stacks in virtual time, in every way to end: what each leaves behind
// must be gone again, and what it must leave behind, its TIME-WAIT, must be in nobody's way. Called by churn_main.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "leat/time.h"

namespace leat::sim {

struct ChurnPlan {
  std::uint64_t connections = 0;
  std::uint64_t per_second = 1500;  ///< of virtual time; so many that ports come round within a TIME-WAIT
  std::size_t memory_bound = 0;     ///< bytes that the process may grow or shrink by after a tenth; 0: not looked at
  bool sabotage = false;            ///< forgets to close one connection: the run must fail
};

struct ChurnOutcome {
  std::string failure;  ///< empty: as it should be
  Duration lasted{};    ///< virtual time
  /// Connections whose four-tuple was the server's in TIME-WAIT when they were opened.
  std::uint64_t met_time_wait = 0;
  std::uint64_t most_time_wait = 0;                       ///< entries at once, both ends together
  std::size_t memory_at_a_tenth = 0, memory_at_most = 0;  ///< resident bytes
};

ChurnOutcome churn(const ChurnPlan& plan);

}  // namespace leat::sim
