#include "cli/bench/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leat::command {

std::size_t LatencyHistogram::class_of(std::uint64_t n) {
  if (n < kClasses) return static_cast<std::size_t>(n);
  const unsigned shift = static_cast<unsigned>(std::bit_width(n)) - kBits - 1;
  return (shift + 1) * kClasses + static_cast<std::size_t>((n >> shift) - kClasses);
}

std::uint64_t LatencyHistogram::end_of(std::size_t index) {
  if (index < kClasses) return index;
  const std::size_t shift = index / kClasses - 1;
  return ((kClasses + index % kClasses + 1) << shift) - 1;
}

void LatencyHistogram::add(Duration time) {
  time = std::max(time, Duration::zero());
  least_ = count_ == 0 ? time : std::min(least_, time);
  most_ = std::max(most_, time);
  sum_ += time.count();
  ++count_;
  ++counts_[class_of(static_cast<std::uint64_t>(time.count()))];
}

Duration LatencyHistogram::quantile(double share) const {
  if (count_ == 0) return {};
  const auto rank =
      std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))), 1, count_);
  std::uint64_t seen = 0;
  std::size_t index = 0;
  while ((seen += counts_[index]) < rank) ++index;
  return std::clamp(Duration(static_cast<Duration::rep>(end_of(index))), least_, most_);
}

}  // namespace leat::command
