#include "tcp/congestion/loss_based.h"

namespace leat {

LossBased::LossBased(const ControllerConfig& config)
    : mss_(std::max(config.mss, std::uint32_t{1})),
      clamp_(std::min(config.cwnd_clamp, kLargestWindow)),
      ssthresh_(config.initial_ssthresh) {
  set_cwnd(config.initial_cwnd != 0 ? config.initial_cwnd : initial_window(mss_));
}

bool LossBased::may_grow(const AckSample& sample) const {
  if (sample.in_recovery) return false;
  if (!sample.app_limited) return true;
  // Slow start doubles a window that was half used, because the sender's bursts are uneven (as in Linux).
  return in_slow_start() && std::uint64_t{2} * sample.in_flight > cwnd_;
}

std::uint32_t LossBased::slow_start(std::uint32_t acked) {
  const std::uint32_t growth = std::min(acked, ssthresh_ - cwnd_);
  set_cwnd(std::uint64_t{cwnd_} + growth);
  return acked - growth;
}

void LossBased::on_recovery_exit(Instant) {
  // RFC 6582 §3.2 step 3, second choice: all of the reduced window.
  if (cwnd_ > ssthresh_) set_cwnd(ssthresh_);
}

void LossBased::on_undo(std::uint32_t cwnd, std::uint32_t ssthresh) {
  set_cwnd(std::max(cwnd_, cwnd));
  ssthresh_ = std::max(ssthresh_, ssthresh);
}

// RFC 2861 §3: an unused window is halved for each RTO, down to the restart window of RFC 5681 §4.1. The recent window
// is kept as the threshold, so that slow start returns to it fast.
void LossBased::on_flight_begins(const Pause& pause) {
  if (pause.keeps_window || pause.since_sent <= pause.rto) return;
  if (ssthresh_ != kNoThreshold) ssthresh_ = std::max(ssthresh_, cwnd_ - cwnd_ / 4);
  const std::uint32_t restart = std::min(initial_window(mss_), cwnd_);
  std::uint32_t cwnd = cwnd_;
  Duration left = pause.since_sent - pause.rto;
  for (; left > Duration::zero() && cwnd > restart; left -= pause.rto) cwnd /= 2;
  set_cwnd(std::max(cwnd, restart));
}

void LossBased::on_mss_change(std::uint32_t mss) {
  mss_ = std::max(mss, std::uint32_t{1});
  set_cwnd(cwnd_);
  set_ssthresh(ssthresh_);
}

void LossBased::set_cwnd(std::uint64_t bytes) {
  const std::uint64_t clamped = std::min<std::uint64_t>(bytes, clamp_);
  cwnd_ = static_cast<std::uint32_t>(std::max<std::uint64_t>(clamped, mss_));
}

void LossBased::set_ssthresh(std::uint32_t bytes) { ssthresh_ = std::max(bytes, 2 * mss_); }

}  // namespace leat
