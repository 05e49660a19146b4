// SegmentArrival: one segment that arrives in SYN-RECEIVED or a later state: the steps of RFC 9293 §3.10.7.4 in their
// order. AckArrival does the fifth step. It lives for one call.
#pragma once

#include <optional>

#include "tcp/connection/core.h"
#include "tcp/segment.h"

namespace leat {

class SegmentArrival {
 public:
  SegmentArrival(ConnectionCore& core, SegmentIn& segment, BufferPool& pool, Instant now)
      : c_(core), segment_(segment), pool_(pool), now_(now) {}

  SegmentVerdict process();
  /// The last three steps, for a SYN-ACK with data, too.
  void on_text_and_fin(StreamPos pos, SegmentVerdict& verdict);

 private:
  SegmentVerdict on_crossing_syn_ack();
  std::optional<SegmentVerdict> check_ack();
  bool is_old_by_timestamp(StreamPos pos) const;
  SegmentVerdict on_unacceptable(DropReason why, NoteKind note);
  SegmentVerdict on_reset(StreamPos pos);
  bool challenge(NoteKind why);
  void on_text(StreamPos pos, SegmentVerdict& verdict);
  void size_receive_buffer();
  void ack_out_of_order();
  void on_fin();
  void on_fin_acked(SegmentVerdict& verdict);

  ConnectionCore& c_;
  SegmentIn& segment_;
  BufferPool& pool_;
  Instant now_;
};

}  // namespace leat
