// TimerExpiry: a deadline of the connection has come: retransmission (RFC 6298), tail probe and reordering (RFC 8985),
// persist (RFC 9293 §3.8.6.1), keep-alive (§3.8.4), delayed ACK, or FIN-WAIT-2. It lives for one call.
#pragma once

#include "tcp/connection/core.h"

namespace leat {

class TimerExpiry {
 public:
  TimerExpiry(ConnectionCore& core, Instant now) : c_(core), now_(now) {}

  TimerVerdict process();

 private:
  void give_up();
  void on_loss_timer();
  void on_reordering_timeout();
  void on_retransmission_timeout();
  void on_persist_timeout();
  void on_keep_alive_timeout();

  ConnectionCore& c_;
  Instant now_;
  TimerVerdict verdict_;
};

}  // namespace leat
