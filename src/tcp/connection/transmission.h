// Transmission: the next segment to be sent, if there is one: the only exit for segments. In this order it tries a RST,
// a SYN, a tail probe, lost data, new data and an ACK without data. It lives for one call.
#pragma once

#include <optional>

#include "tcp/connection/core.h"
#include "tcp/segment.h"

namespace leat {

class Transmission {
 public:
  Transmission(ConnectionCore& core, SegmentOut& out, Instant now) : c_(core), out_(out), now_(now) {}

  /// Fills the segment; false when there is nothing to send now.
  bool next();
  /// Only an ACK that must not wait for the rest of the segments that have arrived.
  bool hurried_ack();

 private:
  void leave();
  bool transmit_syn();
  bool transmit_data();
  bool transmit_tail_probe();
  bool transmit_lost();
  StreamPos end_of_retransmission(StreamPos begin, StreamPos end) const;
  RetransmissionCause retransmission_cause(LossReason why) const;
  PacketNote retransmission_note(LossReason why) const;
  PacketNote probe_note() const;
  bool transmit_new();
  std::uint32_t burst_limit() const;
  void send_data(Sender::Plan plan);
  void note_window_use();
  void note_data_sent(const Sender::Plan& plan, std::uint32_t segments);
  bool transmit_ack();

  ConnectionCore& c_;
  SegmentOut& out_;
  Instant now_;
};

}  // namespace leat
