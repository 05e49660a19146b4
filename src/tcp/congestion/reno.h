// Reno: slow start and congestion avoidance of RFC 5681, counting bytes (RFC 3465).
#pragma once

#include <memory>

#include "tcp/congestion/loss_based.h"

namespace leat {

inline constexpr std::string_view kRenoName = "reno";
std::unique_ptr<CongestionController> make_reno(const ControllerConfig& config);

class Reno final : public LossBased {
 public:
  explicit Reno(const ControllerConfig& config) : LossBased(config) {}

  std::string_view name() const override { return kRenoName; }
  void on_ack(const AckSample& sample) override;
  void on_loss_detected(std::uint32_t flight_size, Instant now) override;
  void on_timeout(const TimeOut& time_out) override;

 private:
  void avoid_congestion(std::uint32_t acked);
};

}  // namespace leat
