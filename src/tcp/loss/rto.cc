#include "tcp/loss/rto.h"

#include <algorithm>
#include <limits>

namespace leat {

void RttEstimator::on_sample(Duration rtt, bool begins_round, Instant now) {
  if (rtt < Duration::zero()) return;
  const bool first = !has_sample();
  min_rtt_.on_sample(rtt, now);
  if (first) {
    srtt_ = rtt;
    rttvar_ = deviation_ = ShortDuration(rtt / 2);
    return;
  }
  // alpha = 1/8, beta = 1/4. The deviation is updated first, with the old SRTT (RFC 6298 §2.3).
  const Duration before = srtt_, error = rtt - before, deviation = deviation_;
  deviation_ = deviation + (std::chrono::abs(error) - deviation) / 4;
  srtt_ = before + error / 8;
  most_in_round_ = std::max<Duration>(most_in_round_, deviation_);
  rttvar_ = std::max<Duration>(rttvar_, most_in_round_);
  if (!begins_round) return;
  rttvar_ = most_in_round_;
  most_in_round_ = Duration::zero();
}

Rto::Rto(Duration maximum)
    : maximum_(static_cast<std::uint32_t>(
          std::min(std::chrono::ceil<std::chrono::milliseconds>(maximum), std::chrono::milliseconds(kLongest))
              .count())) {}

void Rto::on_sample(Duration rtt, bool begins_round, Instant now) {
  if (rtt < Duration::zero()) return;
  rtt_.on_sample(rtt, begins_round, now);
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
  if (backoff_ >= 40 || start > maximum() / (std::int64_t{1} << backoff_)) return maximum();
  return start * (std::int64_t{1} << backoff_);
}

}  // namespace leat
