// SynSentArrival: one segment that arrives in SYN-SENT (RFC 9293 §3.10.7.3). It lives for one call.
#pragma once

#include "tcp/connection/core.h"
#include "tcp/segment.h"

namespace leat {

class SynSentArrival {
 public:
  SynSentArrival(ConnectionCore& core, SegmentIn& segment, BufferPool& pool, Instant now)
      : c_(core), segment_(segment), pool_(pool), now_(now) {}

  SegmentVerdict process();

 private:
  bool echoes_what_was_never_sent() const;

  ConnectionCore& c_;
  SegmentIn& segment_;
  BufferPool& pool_;
  Instant now_;
};

}  // namespace leat
