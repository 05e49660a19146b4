// ShortDuration: a Duration in half the memory, for values that every connection keeps. Its unit is 1/8 us, as that of
// Linux's smoothed round-trip time, and its maximum is about nine minutes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "leat/time.h"

namespace leat {

class ShortDuration {
 public:
  constexpr ShortDuration() = default;
  /// Rounds down, and to the range.
  constexpr ShortDuration(Duration d)
      : units_(static_cast<std::uint32_t>(std::clamp<std::int64_t>(d / kUnit, 0, kMostUnits))) {}
  constexpr operator Duration() const { return units_ * kUnit; }
  static constexpr ShortDuration max() { return kMostUnits * kUnit; }
  constexpr bool operator==(const ShortDuration&) const = default;

 private:
  static constexpr Duration kUnit = std::chrono::nanoseconds(125);
  static constexpr std::int64_t kMostUnits = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t units_ = 0;
};

}  // namespace leat
