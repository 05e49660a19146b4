// Cubic (RFC 9438), as in Linux: above ssthresh the window follows a cubic function of the time since the last
// reduction. The curve is flat at the window of the last loss, and never below Reno's window. A loss reduces the window
// to 70 %. HyStart ends slow start.
//
// DEVIATION: an undo restores the window only (RFC 9438 §4.9). The curve starts afresh from there, as in Linux.
//
// The curve counts windows in whole segments. Acknowledgements are counted in bytes (RFC 3465).
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
  /// Computes how many segments must be acknowledged for the window to grow by one.
  void follow_curve(std::uint32_t acked, Ticks now);
  std::uint32_t per_growth_by_curve(Ticks now) const;
  void be_no_slower_than_reno();

  /// A stage of congestion avoidance.
  struct Stage {
    CubicCurve curve;
    std::uint32_t w_est = 0;  ///< segments: Reno's window (RFC 9438 §4.3)
    std::uint32_t acked_for_reno = 0;
    std::uint32_t per_growth = 1;
    std::uint32_t followed_cwnd = 0;  ///< segments, when per_growth was decided, at followed_at
    Ticks followed_at = 0;
    Ticks epoch = 0;  ///< when it began
  };

  HyStart::Micros min_rtt_ = 0;   ///< 0: none yet
  std::unique_ptr<Stage> stage_;  ///< allocated on first use: most connections end in slow start
  HyStart hystart_;
  std::uint32_t w_max_ = 0;  ///< segments; 0: nothing was lost yet
  bool in_epoch_ = false;    ///< `stage_` is valid
  bool found_ = false;       ///< HyStart has ended slow start
};

}  // namespace leat
