// Time in the stack: an argument of its functions.
//
// StackClock has no now(). The caller passes the time to the stack, so tests and simulations run in virtual time. The
// runtime passes CLOCK_MONOTONIC. Threading: plain values.
#pragma once

#include <chrono>
#include <cstdint>

namespace leat {

/// The clock type of Instant. It cannot be read.
struct StackClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<StackClock, duration>;
  static constexpr bool is_steady = true;
};

/// Signed nanoseconds: 292 years either way.
using Duration = StackClock::duration;
/// A point in time on the caller's monotonic clock. Its zero has no meaning.
using Instant = StackClock::time_point;

/// No deadline: an instant later than every other.
inline constexpr Instant kNever = Instant::max();

}  // namespace leat
