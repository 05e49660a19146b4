// Time as the stack sees it: an argument, never a question.
//
// StackClock has no now(): whoever calls the stack says what time it is, so that tests and simulations
// run in virtual time. The runtime feeds CLOCK_MONOTONIC.
#pragma once

#include <chrono>
#include <cstdint>

namespace leat {

/// A tag for instants; deliberately not a clock that can be read.
struct StackClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<StackClock, duration>;
  static constexpr bool is_steady = true;
};

/// Nanoseconds, signed, 292 years either way.
using Duration = StackClock::duration;
/// A point in time on the caller's monotonic clock; its zero has no meaning.
using Instant = StackClock::time_point;

/// "No deadline": later than every instant that occurs.
inline constexpr Instant kNever = Instant::max();

}  // namespace leat
