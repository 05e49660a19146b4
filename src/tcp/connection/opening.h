// Opening: how a connection comes to be (RFC 9293 §3.5): the first SYN, a half-open entry that is answered, what both
// sides agree on, and the step to ESTABLISHED. It lives for one call.
#pragma once

#include "tcp/connection/core.h"
#include "tcp/engine/half_open.h"
#include "tcp/segment.h"

namespace leat {

class Opening {
 public:
  explicit Opening(ConnectionCore& core) : c_(core) {}

  void open_active(Instant now);
  void open_passive(const Handshake& handshake);
  void adopt_peer(const Handshake& handshake, Instant now);
  void become_established(const SegmentIn& segment, Instant now);
  TcpOptionSet syn_options(Instant now) const;

 private:
  ConnectionCore& c_;
};

}  // namespace leat
