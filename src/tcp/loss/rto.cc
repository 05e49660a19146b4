#include "tcp/loss/rto.h"

#include <algorithm>
#include <limits>

namespace leat {

void RttEstimator::on_sample(Duration rtt, std::uint32_t samples_per_rtt) {
  if (rtt < Duration::zero()) return;
  const bool first = !has_sample();
  min_rtt_ = std::min(min_rtt_, rtt);
  if (first) {
    srtt_ = rtt;
    rttvar_ = rtt / 2;
    return;
  }
  // alpha = 1/8, beta = 1/4. RTTVAR is updated first, with the old SRTT (RFC 6298 §2.3).
  const std::int64_t n = std::max<std::uint32_t>(samples_per_rtt, 1);
  const Duration error = rtt - srtt_;
  rttvar_ += (std::chrono::abs(error) - rttvar_) / (4 * n);
  srtt_ += error / (8 * n);
}

void Rto::on_sample(Duration rtt, std::uint32_t samples_per_rtt) {
  if (rtt < Duration::zero()) return;
  rtt_.on_sample(rtt, samples_per_rtt);
  backoff_ = 0;
}

void Rto::back_off() {
  if (backoff_ < std::numeric_limits<std::uint8_t>::max()) ++backoff_;
}

void Rto::on_established(bool syn_timed_out) {
  backoff_ = 0;
  fallback_ = syn_timed_out;
}

Duration Rto::base() const {
  if (!rtt_.has_sample()) return fallback_ ? kFallback : kInitial;
  // DEVIATION: RFC 6298 §2.4 rounds an RTO below 1 s up to 1 s. Like Linux, the variance term gets a floor of 200 ms
  // instead, which leaves room for a delayed ACK on any path and recovers from a lost tail in a fraction of the time.
  // The clock granularity G of §2.3 (1 ms, a tick of the timer wheel) disappears in that floor.
  return rtt_.srtt() + std::max(4 * rtt_.rttvar(), kMinimum);
}

Duration Rto::rto() const {
  const Duration start = base();
  // 2^40 times 200 ms is past every maximum that makes sense; the comparison keeps the shift from overflowing.
  if (backoff_ >= 40 || start > Duration(maximum_.count() >> backoff_)) return maximum_;
  return start * (std::int64_t{1} << backoff_);
}

}  // namespace leat
