#include "tcp/congestion/aimd.h"

namespace leat {

std::unique_ptr<CongestionController> make_aimd(const ControllerConfig& config) {
  return std::make_unique<Aimd>(config);
}

Aimd::Aimd(const ControllerConfig& config)
    : mss_(std::max(config.mss, std::uint32_t{1})),
      clamp_(std::max(std::min(config.cwnd_clamp, kLargestWindow), mss_)),
      cwnd_(std::clamp(config.initial_cwnd, mss_, clamp_)) {}

void Aimd::on_ack(const AckSample&) { cwnd_ = std::min(clamp_, cwnd_ + mss_); }

void Aimd::on_duplicate_ack(Instant) { cwnd_ = std::max(mss_, cwnd_ / 2); }

void Aimd::on_timeout(const TimeOut&) { cwnd_ = mss_; }

void Aimd::on_mss_change(std::uint32_t mss) {
  mss_ = std::max(mss, std::uint32_t{1});
  cwnd_ = std::max(cwnd_, mss_);
}

}  // namespace leat
