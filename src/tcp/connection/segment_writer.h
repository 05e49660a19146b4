// SegmentWriter: writes the fields of a segment that depend on both streams: numbers, window, payload, the urgent
// pointer and SACK blocks. It lives for one call.
#pragma once

#include "tcp/connection/core.h"
#include "tcp/segment.h"

namespace leat {

class SegmentWriter {
 public:
  SegmentWriter(ConnectionCore& core, SegmentOut& out, Instant now) : c_(core), out_(out), now_(now) {}

  /// Payload, FIN and all that goes with them. Shortens the plan to what one packet holds.
  void write_data(Sender::Plan& plan);
  /// The acknowledgement, the window and timestamps.
  void write_ack();
  void write_urgent(StreamPos pos) const;
  void write_sack();

 private:
  ConnectionCore& c_;
  SegmentOut& out_;
  Instant now_;
};

}  // namespace leat
