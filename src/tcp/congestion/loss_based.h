// LossBased: the common part of loss-based controllers: the window, slow start, when the window may grow, and how it
// changes after a pause or an undo. Reno and Cubic add the growth above ssthresh and the size of a reduction.
//
// During fast recovery cwnd() stays at ssthresh, and proportional rate reduction governs sending (RFC 6937).
#pragma once

#include "tcp/congestion/controller.h"

namespace leat {

class LossBased : public CongestionController {
 public:
  void on_recovery_exit(Instant now) override;
  void on_undo(std::uint32_t cwnd, std::uint32_t ssthresh) override;
  void on_flight_begins(const Pause& pause) override;
  void on_mss_change(std::uint32_t mss) override;
  std::uint32_t cwnd() const final { return cwnd_; }
  std::uint32_t ssthresh() const final { return ssthresh_; }

 protected:
  explicit LossBased(const ControllerConfig& config);

  bool in_slow_start() const { return cwnd_ < ssthresh_; }
  bool may_grow(const AckSample& sample) const;
  /// Returns the acknowledged bytes that slow start did not use.
  std::uint32_t slow_start(std::uint32_t acked);
  void set_cwnd(std::uint64_t bytes);
  /// At least two segments (RFC 5681 §3.1 equation 4).
  void set_ssthresh(std::uint32_t bytes);
  std::uint32_t mss() const { return mss_; }

  std::uint32_t acked_since_growth_ = 0;  ///< congestion avoidance: bytes towards the next segment

 private:
  std::uint32_t mss_;
  std::uint32_t clamp_;
  std::uint32_t cwnd_ = 0;
  std::uint32_t ssthresh_;
};

}  // namespace leat
