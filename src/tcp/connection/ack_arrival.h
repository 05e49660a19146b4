// AckArrival: one valid acknowledgement, the fifth step of RFC 9293 §3.10.7.4. It moves the send window, asks Recovery
// what the ACK says about losses, and tells the congestion controller and the timers. It lives for one call.
#pragma once

#include <optional>

#include "tcp/connection/core.h"
#include "tcp/segment.h"

namespace leat {

class AckArrival {
 public:
  AckArrival(ConnectionCore& core, const SegmentIn& segment, Instant now) : c_(core), segment_(segment), now_(now) {}

  void process(StreamPos pos, SegmentVerdict& verdict);
  /// The ACK of our SYN.
  void on_syn_acked();

 private:
  Recovery::Ack recovery_ack(StreamPos ack) const;
  std::optional<Duration> echoed_round_trip() const;
  void measure(const Recovery::Verdict& verdict);
  void follow(const Recovery::Verdict& verdict);
  void on_progress(std::uint32_t acked_bytes);

  ConnectionCore& c_;
  const SegmentIn& segment_;
  Instant now_;
};

}  // namespace leat
