#include "tcp/connection/segment_arrival.h"

#include <algorithm>

#include "tcp/connection/ack_arrival.h"
#include "tcp/connection/opening.h"

namespace leat {

SegmentVerdict SegmentArrival::process() {
  const StreamPos pos = c_.receive_map.from_wire(segment_.seq, c_.receiver.nxt());
  const bool crossing_syn_ack =
      c_.state == TcpState::syn_received && segment_.flags.syn() && segment_.flags.ack() && pos == 0;
  if (crossing_syn_ack) return on_crossing_syn_ack();

  // PAWS comes before all other checks (RFC 7323 §5.3). A SYN is challenged below in any case.
  if (!segment_.flags.rst() && !segment_.flags.syn() && is_old_by_timestamp(pos)) {
    return on_unacceptable(DropReason::TCP_RFC7323_PAWS, NoteKind::old_timestamp);
  }
  // First: the sequence number.
  const bool probes_closed_window = pos == c_.receiver.nxt() && c_.receiver.window_end() == c_.receiver.nxt();
  if (!c_.receiver.is_acceptable(pos, segment_.sequence_length()) && !(probes_closed_window && !segment_.flags.syn())) {
    const DropReason why = pos < c_.receiver.nxt() ? DropReason::TCP_OLD_DATA : DropReason::TCP_OVERWINDOW;
    return on_unacceptable(why, NoteKind::unacceptable);
  }
  // Second: RST. Fourth: SYN (RFC 5961 §3.2, §4.2).
  if (segment_.flags.rst()) return on_reset(pos);
  if (segment_.flags.syn()) {
    SegmentVerdict verdict;
    verdict.drop = DropReason::TCP_INVALID_SYN;
    verdict.challenge = challenge(NoteKind::challenge_syn);
    return verdict;
  }
  // Fifth: ACK.
  if (std::optional<SegmentVerdict> refused = check_ack()) return *refused;
  if (segment_.options.timestamps && distance(c_.last_ack_sent, pos) <= 0) {
    c_.timestamps.on_in_order(segment_.options.timestamps->value, now_);
  }
  SegmentVerdict verdict;
  if (c_.state == TcpState::syn_received) {
    c_.sender.peer().begin(pos, 1, 0);
    Opening(c_).become_established(segment_, now_);
  }
  AckArrival(c_, segment_, now_).process(pos, verdict);
  if (c_.sender.fin_acked()) on_fin_acked(verdict);
  if (c_.state == TcpState::closed) return verdict;
  if (can_receive(c_.state)) on_text_and_fin(pos, verdict);
  return verdict;
}

// In a simultaneous open both sides answer with a SYN-ACK, which counts as an ACK. The peer retransmits data on it.
SegmentVerdict SegmentArrival::on_crossing_syn_ack() {
  if (std::optional<SegmentVerdict> refused = check_ack()) return *refused;
  c_.sender.peer().begin(0, 1, segment_.window);  // not scaled on a SYN (RFC 7323 §2.2)
  Opening(c_).become_established(segment_, now_);
  c_.acks.ack_now();
  return {};
}

std::optional<SegmentVerdict> SegmentArrival::check_ack() {
  SegmentVerdict verdict;
  if (!segment_.flags.ack()) {
    verdict.drop = DropReason::TCP_FLAGS;
    return verdict;
  }
  const StreamPos ack = c_.send_map.from_wire(segment_.ack, c_.sender.una());
  if (c_.state == TcpState::syn_received) {
    if (ack >= 1 && ack <= c_.sender.nxt()) return std::nullopt;
    verdict.drop = DropReason::TCP_ACK_UNSENT_DATA;
    verdict.reset_reply = true;
    return verdict;
  }
  // RFC 5961 §5.2: an ACK of very old data, or of data not sent yet, comes from an attacker that guesses.
  if (ack > c_.sender.nxt()) {
    verdict.drop = DropReason::TCP_ACK_UNSENT_DATA;
  } else if (ack < c_.sender.una() - static_cast<StreamPos>(c_.sender.peer().largest())) {
    verdict.drop = DropReason::TCP_TOO_OLD_ACK;
  } else {
    return std::nullopt;
  }
  verdict.challenge = challenge(NoteKind::challenge_ack);
  return verdict;
}

// DEVIATION from RFC 7323 §3.2, as Linux: a segment without the option passes, because middleboxes strip options. A
// duplicate ACK that was reordered passes, too: it does no harm (Linux: tcp_disordered_ack).
bool SegmentArrival::is_old_by_timestamp(StreamPos pos) const {
  if (!segment_.options.timestamps) return false;
  const std::uint32_t age = c_.timestamps.age(segment_.options.timestamps->value, now_);
  if (age == 0) return false;
  const bool duplicate_ack = segment_.sequence_length() == 0 && segment_.flags.ack() && pos == c_.receiver.nxt() &&
                             c_.send_map.from_wire(segment_.ack, c_.sender.una()) == c_.sender.una();
  return !duplicate_ack || std::chrono::milliseconds(age) > c_.rto.rto();
}

SegmentVerdict SegmentArrival::on_unacceptable(DropReason why, NoteKind note) {
  SegmentVerdict verdict;
  verdict.drop = why;
  if (segment_.flags.rst()) return verdict;
  // DEVIATION: RFC 7323 §5.3 (R1) answers every old segment. Reordered ACKs are common and carry no news, so they are
  // dropped silently, as in Linux.
  const bool late_ack = why == DropReason::TCP_RFC7323_PAWS && segment_.sequence_length() == 0 &&
                        c_.receive_map.from_wire(segment_.seq, c_.receiver.nxt()) < c_.receiver.nxt();
  if (late_ack) return verdict;
  // Two stacks that answer each other's stray ACKs would never stop, so only data and FIN are answered each time.
  if (segment_.length > 0 || segment_.flags.fin()) {
    const StreamPos pos = c_.receive_map.from_wire(segment_.seq, c_.receiver.nxt());
    if (!segment_.flags.syn()) c_.receiver.add_duplicate(pos, pos + segment_.sequence_length());
    if (pos < c_.receiver.nxt()) c_.path_evidence = PathEvidence::silent;  // the peer has not heard our acknowledgement
    c_.acks.ack_now();
    c_.ack_note.kind = note;
    ++c_.counts.troubles().dupacks_out;
  } else {
    verdict.challenge = challenge(note);
  }
  return verdict;
}

SegmentVerdict SegmentArrival::on_reset(StreamPos pos) {
  SegmentVerdict verdict;
  if (pos != c_.receiver.nxt()) {
    verdict.drop = DropReason::TCP_INVALID_SEQUENCE;
    verdict.challenge = challenge(NoteKind::challenge_reset);
    return verdict;
  }
  verdict.drop = DropReason::TCP_RESET;
  if (c_.state == TcpState::time_wait) return verdict;  // RFC 1337 §3, as TimeWaitTable does from the next poll on
  // DEVIATION: RFC 9293 §3.10.7.4 reports nothing in CLOSING and LAST-ACK. The peer may have lost data, so that the
  // user hears of it, as in Linux (tcp_reset).
  c_.finish(c_.state == TcpState::syn_received ? Error::refused : Error::reset);
  return verdict;
}

bool SegmentArrival::challenge(NoteKind why) {
  if (!c_.counts.troubles().challenges.allow(c_.settings->challenge_interval, now_)) return false;
  c_.acks.ack_now();
  c_.ack_note.kind = why;
  return true;
}

// Sixth: URG. Seventh: the segment text. Eighth: FIN, when all data before it has arrived.
void SegmentArrival::on_text_and_fin(StreamPos pos, SegmentVerdict& verdict) {
  // A pointer of 0 points behind no byte. It counts as a pointer to the first byte (as Linux).
  const StreamPos urgent_end = pos + std::max<StreamPos>(segment_.urgent, 1);
  if (segment_.flags.urg() && c_.receiver.on_urgent(urgent_end, c_.settings->oob_inline)) c_.raise(kEventUrgent);
  const bool has_text = segment_.length > 0 || segment_.flags.fin();
  if (c_.user_gone && has_text && pos + segment_.length > c_.receiver.nxt()) {
    // The user has closed and will never read this data, or the data missing before the FIN. The peer must learn that
    // (RFC 9293 §3.6.1, RFC 2525 §2.17). The RST of a connection that does not exist has exactly the number that the
    // peer expects next, whether our FIN has arrived or not (as Linux).
    verdict.drop = DropReason::TCP_ABORT_ON_DATA;
    verdict.reset_reply = true;
    c_.finish(Error::aborted);
    return;
  }
  if (segment_.length > 0) on_text(pos, verdict);
  const StreamPos fin = pos + segment_.length;
  const bool fin_in_window = fin < c_.receiver.window_end() || fin == c_.receiver.nxt();
  if (segment_.flags.fin() && !c_.peer_fin.seen() && fin_in_window) c_.peer_fin.see(fin);
  if (segment_.flags.fin() && segment_.length == 0 && c_.receiver.nxt() < fin) {
    ack_out_of_order();
  }
  if (!c_.peer_fin.seen() || c_.receiver.nxt() < c_.peer_fin.pos(c_.receiver.nxt())) return;
  if (c_.receiver.nxt() == c_.peer_fin.pos(c_.receiver.nxt())) return on_fin();
  c_.peer_fin
      .forget();  // data has come from behind it: it was no end, or a reader would see one that no event tells of
}

void SegmentArrival::on_text(StreamPos pos, SegmentVerdict& verdict) {
  const bool window_closed = c_.receiver.window_end() == c_.receiver.nxt();
  const bool had_urgent_byte = c_.receiver.has_urgent_byte();
  size_receive_buffer();
  const Receiver::Accepted accepted = c_.receiver.accept(pos, segment_.payload, pool_);
  if (accepted.refused) verdict.drop = DropReason::PROTO_MEM;
  verdict.refused_ahead = accepted.refused_ahead;
  verdict.pruned = accepted.pruned;
  if (accepted.in_order > 0) {
    c_.raise(kEventReadable);
    if (!c_.settings->oob_inline && !had_urgent_byte && c_.receiver.has_urgent_byte()) c_.raise(kEventUrgent);
    AckPolicy::Data data{.bytes = accepted.in_order, .now = now_};
    // A larger segment was coalesced (GRO) from several.
    data.segment = std::min<std::uint32_t>(segment_.largest_payload, c_.receive_mss);
    data.push = segment_.flags.psh();
    data.window = static_cast<std::uint32_t>(c_.receiver.window_end() - c_.receiver.nxt());
    data.delay = c_.settings->delayed_ack;
    data.silence = c_.rto.rto();
    c_.acks.on_data(data);
    if (accepted.filled_gap || accepted.out_of_order) c_.acks.ack_now();
    return;
  }
  if (accepted.duplicate) {
    verdict.drop = window_closed ? DropReason::TCP_ZEROWINDOW : DropReason::TCP_OFOMERGE;
  } else if (!accepted.refused) {
    c_.counts.troubles().rcv_ooopack += segment_.wire_segments;
    verdict.queued_out_of_order = true;
  }
  ack_out_of_order();
}

// The buffer grows while the pool has memory, unless the user has set its size.
void SegmentArrival::size_receive_buffer() {
  if (pool_.is_short()) return c_.receiver.save_memory();
  if (c_.settings->receive_buffer || !c_.settings->moderate_receive_buffer) return;
  std::optional<ReceiveTuning::Echo> echo;
  // Less than a full segment may have waited for the peer's application.
  if (segment_.options.timestamps && segment_.largest_payload >= c_.acks.largest_segment()) {
    const std::uint32_t value = segment_.options.timestamps->echo_reply;
    if (const auto sample = c_.timestamps.round_trip(value, c_.liveness.opened_at(), now_)) echo = {value, *sample};
  }
  c_.receiver.grow(data_share(c_.settings->receive_growth.most), echo, now_);
}

// RFC 5681 §4.2: an out-of-order segment is acknowledged at once. A sender without SACK counts duplicate ACKs, so it
// gets one per segment. For a coalesced segment it gets at most as many as trigger a fast retransmit.
void SegmentArrival::ack_out_of_order() {
  if (c_.sack_agreed) {
    ++c_.counts.troubles().dupacks_out;
    return c_.acks.selective_ack();
  }
  const std::uint32_t count = std::min<std::uint32_t>(segment_.wire_segments, Rack::kDuplicateThreshold);
  c_.counts.troubles().dupacks_out += count;
  for (std::uint32_t i = 0; i < count; ++i) c_.acks.duplicate_ack();
}

void SegmentArrival::on_fin() {
  c_.receiver.advance_control();
  c_.receiver.forget_out_of_order();
  c_.move(StateEvent::fin_received);
  c_.acks.ack_now();
  c_.raise(kEventReadable | kEventPeerClosed);
  if (c_.state == TcpState::time_wait) {
    c_.stop_timers();
    c_.raise(kEventClosed);
  }
}

void SegmentArrival::on_fin_acked(SegmentVerdict& verdict) {
  if (c_.state == TcpState::fin_wait_1) {
    c_.move(StateEvent::fin_acked);
    c_.raise(kEventFlushed);
    if (!c_.user_gone) return;
    if (c_.settings->fin_wait_2 > Duration::zero()) return c_.linger_in_fin_wait_2(now_);
    verdict.drop = DropReason::TCP_ABORT_ON_DATA;  // the kernel uses this reason here, too
    verdict.reset_reply = true;
    c_.finish(Error::aborted);
  } else if (c_.state == TcpState::closing) {
    c_.move(StateEvent::fin_acked);
    c_.stop_timers();
    c_.raise(kEventFlushed | kEventClosed);
  } else if (c_.state == TcpState::last_ack) {
    c_.raise(kEventFlushed);
    c_.finish(Error::none);
  }
}

}  // namespace leat
