// Reno: slow start and congestion avoidance of RFC 5681, counting bytes (RFC 3465).
//
// During fast recovery cwnd() stays at ssthresh: the loss code decides what may leave then (RFC 6937).
#pragma once

#include <memory>

#include "tcp/congestion/controller.h"

namespace leat {

inline constexpr std::string_view kRenoName = "reno";
std::unique_ptr<CongestionController> make_reno(const ControllerConfig& config);

class Reno final : public CongestionController {
 public:
  explicit Reno(const ControllerConfig& config);

  std::string_view name() const override { return kRenoName; }
  void on_ack(const AckSample& sample) override;
  void on_loss_detected(std::uint32_t flight_size, Instant now) override;
  void on_recovery_exit(Instant now) override;
  void on_timeout(const TimeOut& time_out) override;
  void on_undo(std::uint32_t cwnd, std::uint32_t ssthresh) override;
  void on_idle_restart(Instant now) override;
  void on_mss_change(std::uint32_t mss) override;
  std::uint32_t cwnd() const override { return cwnd_; }
  std::uint32_t ssthresh() const override { return ssthresh_; }

 private:
  bool in_slow_start() const { return cwnd_ < ssthresh_; }
  bool may_grow(const AckSample& sample) const;
  /// Returns the acknowledged bytes that slow start had no use for.
  std::uint32_t slow_start(std::uint32_t acked);
  void avoid_congestion(std::uint32_t acked);
  void set_cwnd(std::uint64_t bytes);
  std::uint32_t half_of(std::uint32_t flight_size) const;

  std::uint32_t mss_;
  std::uint32_t clamp_;
  std::uint32_t cwnd_;
  std::uint32_t ssthresh_;
  std::uint32_t acked_since_growth_ = 0;  // congestion avoidance: bytes towards the next segment
};

}  // namespace leat
