#include "tcp/congestion/reno.h"

namespace leat {
namespace {

// RFC 3465 §2.3 lets one ACK of slow start add 2 MSS at most, as receivers acknowledged every second segment then.
// DEVIATION: 45, a super-segment of 64 kB, since receivers behind GRO acknowledge that at once; with 2 or the 8 of RFC
// 9406 §4.3 their slow start would crawl. Linux has no limit.
constexpr std::uint32_t kSlowStartSegmentsPerAck = 45;

}  // namespace

std::unique_ptr<CongestionController> make_reno(const ControllerConfig& config) {
  return std::make_unique<Reno>(config);
}

Reno::Reno(const ControllerConfig& config)
    : mss_(std::max(config.mss, std::uint32_t{1})),
      clamp_(std::min(config.cwnd_clamp, kLargestWindow)),
      cwnd_(0),
      ssthresh_(config.initial_ssthresh) {
  set_cwnd(config.initial_cwnd != 0 ? config.initial_cwnd : initial_window(mss_));
}

void Reno::on_ack(const AckSample& sample) {
  if (sample.in_recovery || !may_grow(sample)) return;
  std::uint32_t acked = sample.acked_bytes;
  if (in_slow_start()) acked = slow_start(acked);
  if (!in_slow_start()) avoid_congestion(acked);
}

bool Reno::may_grow(const AckSample& sample) const {
  if (!sample.app_limited) return true;
  // Slow start doubles a window of which half was used, for the sender's bursts come in lumps (as Linux has it).
  return in_slow_start() && std::uint64_t{2} * sample.in_flight > cwnd_;
}

std::uint32_t Reno::slow_start(std::uint32_t acked) {
  const std::uint32_t limit = mss_ * kSlowStartSegmentsPerAck;
  const std::uint32_t growth = std::min({acked, limit, ssthresh_ - cwnd_});
  const bool reached = growth == ssthresh_ - cwnd_;
  set_cwnd(std::uint64_t{cwnd_} + growth);
  return reached ? acked - growth : 0;
}

void Reno::avoid_congestion(std::uint32_t acked) {
  const std::uint64_t counted = std::uint64_t{acked_since_growth_} + acked;
  if (counted < cwnd_) {
    acked_since_growth_ = static_cast<std::uint32_t>(counted);
    return;
  }
  // One segment a window of acknowledged bytes, and never more than one an ACK (RFC 5681 §3.1).
  acked_since_growth_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(counted - cwnd_, cwnd_));
  set_cwnd(std::uint64_t{cwnd_} + mss_);
}

void Reno::on_loss_detected(std::uint32_t flight_size, Instant) {
  ssthresh_ = half_of(flight_size);
  set_cwnd(ssthresh_);
  acked_since_growth_ = 0;
}

void Reno::on_recovery_exit(Instant) {
  // RFC 6582 §3.2 step 3, second choice: all of the halved window.
  if (cwnd_ > ssthresh_) set_cwnd(ssthresh_);
}

void Reno::on_timeout(const TimeOut& time_out) {
  // A segment that is lost again says nothing new about the path: ssthresh is held (RFC 5681 §3.1).
  if (time_out.first) ssthresh_ = half_of(time_out.flight_size);
  acked_since_growth_ = 0;
  set_cwnd(std::uint64_t{time_out.in_flight} + mss_);  // the loss window
}

void Reno::on_undo(std::uint32_t cwnd, std::uint32_t ssthresh) {
  set_cwnd(std::max(cwnd_, cwnd));
  ssthresh_ = std::max(ssthresh_, ssthresh);
}

void Reno::on_idle_restart(Instant) {
  const std::uint32_t restart = std::min(initial_window(mss_), cwnd_);
  // What the path took lately is kept as the threshold, so that slow start finds back fast (RFC 2861 §3).
  if (ssthresh_ != kNoThreshold) ssthresh_ = std::max(ssthresh_, cwnd_ - cwnd_ / 4);
  acked_since_growth_ = 0;
  set_cwnd(restart);
}

void Reno::on_mss_change(std::uint32_t mss) {
  mss_ = std::max(mss, std::uint32_t{1});
  set_cwnd(cwnd_);
  if (ssthresh_ < 2 * mss_) ssthresh_ = 2 * mss_;
}

void Reno::set_cwnd(std::uint64_t bytes) {
  const std::uint64_t clamped = std::min<std::uint64_t>(bytes, clamp_);
  cwnd_ = static_cast<std::uint32_t>(std::max<std::uint64_t>(clamped, mss_));
}

std::uint32_t Reno::half_of(std::uint32_t flight_size) const { return std::max(flight_size / 2, 2 * mss_); }

}  // namespace leat
