// Cubic (RFC 9438), as Linux has it: above ssthresh the window follows a cubic function of the time since the last
// reduction, flat where the last loss was, and is nowhere smaller than Reno's would be. A loss leaves seven tenths.
// HyStart ends slow start.
//
// DEVIATION: what is undone is the reduction (RFC 9438 §4.9): the curve begins anew at the old window, as in Linux.
//
// Windows are counted in whole segments where the curve is concerned, acknowledgements in bytes (RFC 3465).
#pragma once

#include <memory>

#include "tcp/congestion/cubic_curve.h"
#include "tcp/congestion/hystart.h"
#include "tcp/congestion/loss_based.h"

namespace leat {

inline constexpr std::string_view kCubicName = "cubic";
std::unique_ptr<CongestionController> make_cubic(const ControllerConfig& config);

class Cubic final : public LossBased {
 public:
  explicit Cubic(const ControllerConfig& config) : LossBased(config) {}

  std::string_view name() const override { return kCubicName; }
  void on_ack(const AckSample& sample) override;
  void on_loss_detected(std::uint32_t flight_size, Instant now) override;
  void on_timeout(const TimeOut& time_out) override;
  void on_flight_begins(const Pause& pause) override;

 private:
  using Ticks = std::uint32_t;  ///< of a clock that wraps around

  std::uint32_t segments() const { return cwnd() / mss(); }
  void measure(const AckSample& sample);
  void reduce();
  void avoid_congestion(std::uint32_t acked, Ticks now);
  /// Decides how many acknowledged segments it takes for one more.
  void follow_curve(std::uint32_t acked, Ticks now);
  std::uint32_t per_growth_by_curve(Ticks now) const;
  void be_no_slower_than_reno();

  CubicCurve curve_;
  HyStart hystart_;
  HyStart::Micros min_rtt_ = 0;  ///< 0: none yet
  std::uint32_t w_max_ = 0;      ///< segments; 0: nothing was lost yet
  std::uint32_t w_est_ = 0;      ///< segments: Reno's window (RFC 9438 §4.3)
  std::uint32_t acked_for_reno_ = 0;
  std::uint32_t per_growth_ = 0;
  std::uint32_t followed_cwnd_ = 0;  ///< segments, when per_growth_ was decided, at followed_at_
  Ticks followed_at_ = 0;
  Ticks epoch_ = 0;  ///< when this stage of congestion avoidance began
  bool in_epoch_ = false;
  bool found_ = false;  ///< HyStart has ended slow start
};

}  // namespace leat
