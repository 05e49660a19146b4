// LatencyHistogram: any number of times in a little memory. The least, the most and the mean are exact; quantiles are
// at most 1/64 too large.
#pragma once

#include <array>
#include <cstdint>

#include "leat/time.h"

namespace leat::command {

class LatencyHistogram {
 public:
  void add(Duration time);
  std::uint64_t count() const { return count_; }
  // Zero when there are none.
  Duration least() const { return least_; }
  Duration most() const { return most_; }
  Duration mean() const { return count_ > 0 ? Duration(sum_ / static_cast<std::int64_t>(count_)) : Duration{}; }
  /// What `share`, 0 to 1, of the times do not exceed.
  Duration quantile(double share) const;

 private:
  // Of each power of two, 64 classes.
  static constexpr unsigned kBits = 6, kClasses = 1u << kBits;
  static std::size_t class_of(std::uint64_t nanoseconds);
  static std::uint64_t end_of(std::size_t index);  ///< the largest that belongs to it

  std::array<std::uint64_t, (64 - kBits + 1) * kClasses> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t sum_ = 0;
  Duration least_{}, most_{};
};

}  // namespace leat::command
