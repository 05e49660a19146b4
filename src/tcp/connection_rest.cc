// A connection at rest gives its Flight back, and takes one when it has something to send again.
#include "tcp/connection.h"

namespace leat {

Flight& TcpConnection::flight() {
  if (flight_) return *flight_;
  flight_ = flights_.take();
  flight_->start({sender_.una(), sender_.path_mss(), sack_agreed_, reordering_});
  sender_.attach(flight_->queue);
  return *flight_;
}

bool TcpConnection::may_rest(Instant now) const {
  return flight_ && is_synchronized(state_) && sender_.everything_acked() && !tail_probe_due_ &&
         flight_->persist_deadline == kNever && flight_->recovery.is_at_rest(rto_.rto(), now);
}

void TcpConnection::rest() {
  if (!flight_) return;
  reordering_ = flight_->recovery.rack().learned();
  sender_.detach();
  flights_.give_back(std::move(flight_));
}

}  // namespace leat
