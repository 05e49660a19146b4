#include "tcp/connection/opening.h"

#include <algorithm>

#include "tcp/congestion/registry.h"
#include "tcp/connection/ack_arrival.h"

namespace leat {

void Opening::open_active(Instant now) {
  c_.move(StateEvent::active_open);
  c_.liveness.open(now);
  c_.syn_due = true;
}

void Opening::open_passive(const Handshake& handshake) {
  c_.move(StateEvent::passive_open);
  c_.liveness.open(handshake.opened_at);
  adopt_peer(handshake, handshake.opened_at);
  c_.sender.peer().begin(0, 0, handshake.window);
  c_.sender.syn_sent();
  // The half-open entry has offered this window.
  c_.receiver.begin(first_window(*c_.settings, c_.payload_of(c_.receive_mss)));
  c_.last_ack_sent = static_cast<std::uint32_t>(c_.receiver.nxt());
  c_.take_flight().recovery.on_sent(1, c_.liveness.opened_at());
  if (handshake.timed_at == kNever) c_.take_flight().recovery.on_resent(0, 1, c_.liveness.opened_at());
  c_.liveness.begin_with(handshake.time_outs);
  c_.counts.segs_in = 1;
  c_.counts.segs_out = 1u + handshake.time_outs;
  if (handshake.time_outs > 0) c_.counts.troubles().total_retrans = handshake.time_outs;
}

void Opening::adopt_peer(const Handshake& handshake, Instant now) {
  c_.receive_map = SeqMap(handshake.irs);
  c_.receiver.advance_control();
  c_.scaling_agreed = handshake.window_scale.has_value();
  c_.sack_agreed = c_.settings->sack && handshake.sack_permitted;
  c_.receiver.set_reports_duplicates(c_.sack_agreed);
  if (c_.settings->timestamps && handshake.timestamp) c_.timestamps.agree(*handshake.timestamp, now);
  c_.sender.peer().set_scale(c_.scaling_agreed ? std::min(*handshake.window_scale, TcpOptionSet::kMaxWindowScale)
                                               : std::uint8_t{0});
  if (!c_.scaling_agreed) c_.receiver.set_scale(0);
  // RFC 9293 §3.7.1: the MSS is 536 when the peer names none. A peer may not ask for so small an MSS that little more
  // than headers would be sent.
  constexpr std::uint16_t kDefault = 536, kLeast = 48;
  const std::uint16_t mss = std::min(std::max(handshake.mss.value_or(kDefault), kLeast), c_.send_mss_limit);
  c_.sender.peer().set_mss(c_.payload_of(mss));
  if (!c_.flight) return;
  c_.flight->recovery.set_mss(c_.sender.path_mss());
  c_.flight->recovery.set_sack(c_.sack_agreed);
}

TcpOptionSet Opening::syn_options(Instant now) const {
  TcpOptionSet options;
  options.mss = c_.receive_mss;
  const bool answer = c_.state == TcpState::syn_received;
  options.sack_permitted = answer ? c_.sack_agreed : c_.settings->sack;
  if (!answer || c_.scaling_agreed) options.window_scale = c_.receiver.scale();
  if (answer ? c_.timestamps.agreed() : c_.settings->timestamps) options.timestamps = c_.timestamps.stamp(now);
  return options;
}

void Opening::become_established(const SegmentIn& segment, Instant now) {
  c_.move(StateEvent::syn_acked);
  const bool syn_timed_out = c_.liveness.time_outs() > 0;
  // One lost SYN may be chance. After two, the initial window is one segment (RFC 6928 §2, RFC 5681 §3.1).
  const std::uint32_t mss = c_.sender.path_mss();
  c_.congestion = make_controller(c_.settings->congestion_control,
                                  {.mss = mss, .initial_cwnd = c_.liveness.time_outs() > 1 ? mss : 0});
  AckArrival(c_, segment, now).on_syn_acked();
  c_.rto.on_established(syn_timed_out);
  c_.counts.handshake = now - c_.liveness.opened_at();
  c_.liveness.on_heard(now);
  c_.liveness.keep_alive(c_.settings->keep_alive, now);
  c_.grow_send_buffer();
  c_.raise(kEventConnected | kEventWritable);
  if (c_.sender.fin_queued()) c_.move(StateEvent::user_close);
}

}  // namespace leat
