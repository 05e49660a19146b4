#include "tcp/connection/syn_sent_arrival.h"

#include <algorithm>

#include "tcp/connection/opening.h"
#include "tcp/connection/segment_arrival.h"

namespace leat {

SegmentVerdict SynSentArrival::process() {
  SegmentVerdict verdict;
  const StreamPos ack = c_.send_map.from_wire(segment_.ack, c_.sender.nxt());
  const bool acks_our_syn = segment_.flags.ack() && ack == 1 && c_.sender.nxt() >= 1;
  if (segment_.flags.ack() && !acks_our_syn) {
    verdict.drop = DropReason::TCP_INVALID_SEQUENCE;
    verdict.reset_reply = !segment_.flags.rst();
    return verdict;
  }
  if (segment_.flags.rst()) {
    verdict.drop = DropReason::TCP_RESET;
    if (acks_our_syn) c_.finish(Error::refused);
    return verdict;
  }
  if (!segment_.flags.syn()) {
    verdict.drop = DropReason::TCP_FLAGS;
    return verdict;
  }
  if (acks_our_syn && echoes_what_was_never_sent()) {
    // RFC 7323 §5.3 does not cover this case. Linux takes the segment for an old duplicate of another connection.
    verdict.drop = DropReason::TCP_RFC7323_PAWS;
    verdict.paws_active = verdict.reset_reply = true;
    return verdict;
  }
  Opening(c_).adopt_peer(Handshake(segment_), now_);
  if (!acks_our_syn) {
    // Simultaneous open (RFC 9293 §3.5, figure 8): our SYN is sent again, with an ACK.
    c_.move(StateEvent::syn_received);
    c_.sender.peer().begin(0, 0, segment_.window);
    c_.syn_due = true;
    return verdict;
  }
  c_.sender.peer().begin(0, 1, segment_.window);
  Opening(c_).become_established(segment_, now_);
  // An application that sends first, or that defers accept() until data arrives, may save this ACK (as Linux).
  constexpr Duration kLongestDelay = std::chrono::milliseconds(200);
  if (c_.settings->quick_ack && c_.settings->defer_accept == Duration::zero()) {
    c_.acks.ack_now();
  } else {
    c_.acks.delay_until(now_ + kLongestDelay);
  }
  SegmentArrival(c_, segment_, pool_, now_).on_text_and_fin(1, verdict);
  return verdict;
}

bool SynSentArrival::echoes_what_was_never_sent() const {
  if (!c_.settings->timestamps || !segment_.options.timestamps || segment_.options.timestamps->echo_reply == 0)
    return false;
  return !c_.timestamps.round_trip(segment_.options.timestamps->echo_reply, c_.liveness.opened_at(), now_);
}

}  // namespace leat
