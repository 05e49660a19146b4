#include "tcp/congestion/reno.h"

namespace leat {
namespace {

// RFC 3465 §2.3 lets one ACK of slow start add at most 2 MSS, because receivers acknowledged every second segment then.
// DEVIATION: the limit is 45 MSS, a super-segment of 64 kB, because receivers behind GRO acknowledge that at once. With
// 2 MSS, or the 8 of RFC 9406 §4.3, slow start to them would crawl. Linux has no limit.
constexpr std::uint32_t kSlowStartSegmentsPerAck = 45;

}  // namespace

std::unique_ptr<CongestionController> make_reno(const ControllerConfig& config) {
  return std::make_unique<Reno>(config);
}

void Reno::on_ack(const AckSample& sample) {
  if (!may_grow(sample)) return;
  std::uint32_t acked = sample.acked_bytes;
  if (in_slow_start()) acked = slow_start(std::min(acked, mss() * kSlowStartSegmentsPerAck));
  if (!in_slow_start()) avoid_congestion(acked);
}

void Reno::avoid_congestion(std::uint32_t acked) {
  const std::uint64_t counted = std::uint64_t{acked_since_growth_} + acked;
  if (counted < cwnd()) {
    acked_since_growth_ = static_cast<std::uint32_t>(counted);
    return;
  }
  // cwnd grows by one segment per window of acknowledged bytes, and by at most one per ACK (RFC 5681 §3.1).
  acked_since_growth_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(counted - cwnd(), cwnd()));
  set_cwnd(std::uint64_t{cwnd()} + mss());
}

void Reno::on_loss_detected(std::uint32_t flight_size, Instant) {
  set_ssthresh(flight_size / 2);
  set_cwnd(ssthresh());
  acked_since_growth_ = 0;
}

void Reno::on_timeout(const TimeOut& time_out) {
  // A segment that is lost again tells nothing new about the path, so ssthresh is held (RFC 5681 §3.1).
  if (time_out.first) set_ssthresh(time_out.flight_size / 2);
  acked_since_growth_ = 0;
  set_cwnd(std::uint64_t{time_out.in_flight} + mss());  // the loss window
}

}  // namespace leat
