#include "tcp/congestion/hystart.h"

#include <algorithm>
#include <limits>

namespace leat {
namespace {

constexpr std::uint32_t kLowWindow = 16;         // segments; smaller windows show no sign
constexpr HyStart::Micros kTrainGap = 2000;      // a longer break ends a train
constexpr std::uint8_t kSamples = 8;             // N_RTT_SAMPLE (RFC 9406 §4.3)
constexpr HyStart::Micros kLeastRise = 4000;     // MIN_RTT_THRESH
constexpr HyStart::Micros kMostRise = 16000;     // MAX_RTT_THRESH
constexpr std::uint64_t kInBatches = 4 * 65536;  // bytes that wait in devices which take and give super-segments
constexpr std::uint64_t kMostForBatches = 1000;

/// The extra length of a train that coalescing on the path may cause. Slow start sends two windows per round trip.
std::uint64_t delay_by_batches(const AckSample& sample, std::uint32_t cwnd) {
  return std::min(kInBatches * to_micros(sample.srtt) / (2 * std::uint64_t{cwnd}), kMostForBatches);
}

}  // namespace

void HyStart::begin_round(StreamPos nxt, Micros now) {
  round_end_ = nxt;
  round_began_ = train_last_ = now;
  least_rtt_ = std::numeric_limits<Micros>::max();
  samples_ = 0;
}

bool HyStart::on_ack(const AckSample& sample, std::uint32_t cwnd, std::uint32_t mss, Micros min_rtt) {
  const Micros now = to_micros(sample.now.time_since_epoch());
  if (sample.una > round_end_) begin_round(sample.nxt, now);
  if (cwnd / mss < kLowWindow) return false;
  const bool long_train = train_is_long(sample, cwnd, now, min_rtt);
  return delay_has_grown(to_micros(*sample.rtt), min_rtt) || long_train;
}

bool HyStart::train_is_long(const AckSample& sample, std::uint32_t cwnd, Micros now, Micros min_rtt) {
  if (now - train_last_ > kTrainGap) return false;
  train_last_ = now;
  // Half of the round trip is the way to the peer. A train of that length fills the path.
  return now - round_began_ > (min_rtt + delay_by_batches(sample, cwnd)) / 2;
}

bool HyStart::delay_has_grown(Micros rtt, Micros min_rtt) {
  least_rtt_ = std::min(least_rtt_, rtt);
  if (samples_ < kSamples) {
    ++samples_;
    return false;
  }
  return least_rtt_ > min_rtt + std::clamp(min_rtt / 8, kLeastRise, kMostRise);
}

}  // namespace leat
