// Aimd: the window of the first user-space clients that fetched a page over raw sockets, rule by rule, to compare with.
//   - it begins with one segment, and there is no slow start: no threshold divides its growth;
//   - each ACK of new data adds one segment;
//   - each duplicate ACK halves it, down to one segment;
//   - a time-out sets it to one segment.
// So it grows by one window a round trip, as slow start does, until something is lost. Not a standard, and not fair
// to others: for experiments on links of one's own.
#pragma once

#include <memory>

#include "tcp/congestion/controller.h"

namespace leat {

inline constexpr std::string_view kAimdName = "aimd";
std::unique_ptr<CongestionController> make_aimd(const ControllerConfig& config);

class Aimd final : public CongestionController {
 public:
  explicit Aimd(const ControllerConfig& config);

  std::string_view name() const override { return kAimdName; }
  void on_ack(const AckSample& sample) override;
  void on_duplicate_ack(Instant now) override;
  void on_loss_detected(std::uint32_t, Instant) override {}  // its duplicate ACKs have said so
  void on_recovery_exit(Instant) override {}
  void on_timeout(const TimeOut& time_out) override;
  void on_undo(std::uint32_t, std::uint32_t) override {}
  void on_flight_begins(const Pause&) override {}
  void on_mss_change(std::uint32_t mss) override;

  std::uint32_t cwnd() const override { return cwnd_; }
  bool reduces_proportionally() const override { return false; }
  std::uint32_t ssthresh() const override { return kNoThreshold; }

 private:
  std::uint32_t mss_, clamp_, cwnd_;
};

}  // namespace leat
