// Segments that arrive in a synchronized state: the steps of RFC 9293 §3.10.7.4 in their order.
#include <algorithm>

#include "tcp/connection.h"

namespace leat {

SegmentVerdict TcpConnection::on_segment(SegmentIn& segment, BufferPool& pool, Instant now) {
  counts_.segs_in += segment.wire_segments;
  if (segment.length > 0) counts_.data_segs_in += segment.wire_segments;
  SegmentVerdict verdict;
  look_at_memory(pool);
  if (state_ == TcpState::closed || state_ == TcpState::listen) {
    verdict.drop = DropReason::NO_SOCKET;
    verdict.reset_reply = !segment.flags.rst();
  } else if (state_ == TcpState::syn_sent) {
    verdict = on_segment_syn_sent(segment, pool, now);
  } else {
    verdict = on_segment_synchronized(segment, pool, now);
  }
  if (may_rest(now)) rest();
  return verdict;
}

SegmentVerdict TcpConnection::on_segment_synchronized(SegmentIn& segment, BufferPool& pool, Instant now) {
  const StreamPos pos = receive_map_.from_wire(segment.seq, receiver_.nxt());
  const bool crossing_syn_ack =
      state_ == TcpState::syn_received && segment.flags.syn() && segment.flags.ack() && pos == 0;
  if (crossing_syn_ack) return on_crossing_syn_ack(segment, now);

  // Before all else: PAWS (RFC 7323 §5.3). A SYN is challenged below in any case.
  if (!segment.flags.rst() && !segment.flags.syn() && is_old_by_timestamp(segment, pos, now)) {
    return on_unacceptable(segment, DropReason::TCP_RFC7323_PAWS, NoteKind::old_timestamp, now);
  }
  // First: the sequence number.
  const bool probes_closed_window = pos == receiver_.nxt() && receiver_.window_end() == receiver_.nxt();
  if (!receiver_.is_acceptable(pos, segment.sequence_length()) && !(probes_closed_window && !segment.flags.syn())) {
    const DropReason why = pos < receiver_.nxt() ? DropReason::TCP_OLD_DATA : DropReason::TCP_OVERWINDOW;
    return on_unacceptable(segment, why, NoteKind::unacceptable, now);
  }
  // Second: RST. Fourth: SYN (RFC 5961 §3.2, §4.2).
  if (segment.flags.rst()) return on_reset(pos, now);
  if (segment.flags.syn()) {
    SegmentVerdict verdict;
    verdict.drop = DropReason::TCP_INVALID_SYN;
    verdict.challenge = challenge(NoteKind::challenge_syn, now);
    return verdict;
  }
  // Fifth: ACK.
  if (std::optional<SegmentVerdict> refused = check_ack(segment, now)) return *refused;
  if (segment.options.timestamps && distance(last_ack_sent_, pos) <= 0) {
    timestamps_.on_in_order(segment.options.timestamps->value, now);
  }
  SegmentVerdict verdict;
  if (state_ == TcpState::syn_received) {
    sender_.first_window(pos, 1, 0);
    become_established(segment, now);
  }
  on_ack(segment, pos, now, verdict);
  if (sender_.fin_acked()) on_fin_acked(now, verdict);
  if (state_ == TcpState::closed) return verdict;
  if (can_receive(state_)) on_text_and_fin(segment, pos, pool, now, verdict);
  return verdict;
}

// Sixth: URG. Seventh: the text. Eighth: FIN, when everything before it is there.
void TcpConnection::on_text_and_fin(SegmentIn& segment, StreamPos pos, BufferPool& pool, Instant now,
                                    SegmentVerdict& verdict) {
  // A pointer of 0 cannot point behind a byte; it is taken for one to the first (as Linux).
  const StreamPos urgent_end = pos + std::max<StreamPos>(segment.urgent, 1);
  if (segment.flags.urg() && receiver_.on_urgent(urgent_end, options_->oob_inline)) raise(kEventUrgent);
  const bool has_text = segment.length > 0 || segment.flags.fin();
  if (user_gone_ && has_text && pos + segment.length > receiver_.nxt()) {
    // Nobody will ever read it, or what is missing in front of the FIN: the peer has to know (RFC 9293 §3.6.1, RFC 2525
    // §2.17). Answered as if there were no connection: that RST has exactly the number which the peer expects next,
    // whether our FIN has arrived or not (as Linux).
    verdict.drop = DropReason::TCP_ABORT_ON_DATA;
    verdict.reset_reply = true;
    finish(Error::aborted);
    return;
  }
  if (segment.length > 0) on_text(segment, pos, pool, now, verdict);
  const StreamPos fin = pos + segment.length;
  const bool fin_in_window = fin < receiver_.window_end() || fin == receiver_.nxt();
  if (segment.flags.fin() && !fin_seen_ && fin_in_window) {
    fin_seen_ = true;
    peer_fin_ = static_cast<std::uint32_t>(fin);
  }
  if (segment.flags.fin() && segment.length == 0 && receiver_.nxt() < fin) {
    ack_out_of_order(segment);
  }
  if (!fin_seen_ || receiver_.nxt() < peer_fin()) return;
  if (receiver_.nxt() == peer_fin()) return on_fin();
  fin_seen_ = false;  // data has come from behind it: it was no end, or a reader would see one that no event tells of
}

// A segment without the option passes, though RFC 7323 §3.2 would drop it: a DEVIATION, as Linux, since middleboxes
// take options away. So does a duplicate ACK that overtaking made late: it can do no harm (Linux: tcp_disordered_ack).
bool TcpConnection::is_old_by_timestamp(const SegmentIn& segment, StreamPos pos, Instant now) const {
  if (!segment.options.timestamps) return false;
  const std::uint32_t age = timestamps_.age(segment.options.timestamps->value, now);
  if (age == 0) return false;
  const bool duplicate_ack = segment.sequence_length() == 0 && segment.flags.ack() && pos == receiver_.nxt() &&
                             send_map_.from_wire(segment.ack, sender_.una()) == sender_.una();
  return !duplicate_ack || std::chrono::milliseconds(age) > rto_.rto();
}

SegmentVerdict TcpConnection::on_unacceptable(const SegmentIn& segment, DropReason why, NoteKind note, Instant now) {
  SegmentVerdict verdict;
  verdict.drop = why;
  if (segment.flags.rst()) return verdict;
  // DEVIATION: RFC 7323 §5.3 (R1) has all answered. ACKs that overtaking made late are common and tell nothing; as
  // Linux.
  const bool late_ack = why == DropReason::TCP_RFC7323_PAWS && segment.sequence_length() == 0 &&
                        receive_map_.from_wire(segment.seq, receiver_.nxt()) < receiver_.nxt();
  if (late_ack) return verdict;
  // Two stacks that answer each other's stray ACKs would never stop: only data and FIN are answered each time.
  if (segment.length > 0 || segment.flags.fin()) {
    const StreamPos pos = receive_map_.from_wire(segment.seq, receiver_.nxt());
    if (!segment.flags.syn()) receiver_.add_duplicate(pos, pos + segment.sequence_length());
    if (pos < receiver_.nxt()) path_evidence_ = PathEvidence::silent;  // it has not heard our acknowledgement
    acks_.ack_now();
    ack_note_.kind = note;
    ++counts_.troubles().dupacks_out;
  } else {
    verdict.challenge = challenge(note, now);
  }
  return verdict;
}

SegmentVerdict TcpConnection::on_reset(StreamPos pos, Instant now) {
  SegmentVerdict verdict;
  if (pos != receiver_.nxt()) {
    verdict.drop = DropReason::TCP_INVALID_SEQUENCE;
    verdict.challenge = challenge(NoteKind::challenge_reset, now);
    return verdict;
  }
  verdict.drop = DropReason::TCP_RESET;
  if (state_ == TcpState::time_wait) return verdict;  // RFC 1337 §3, as TimeWaitTable does from the next poll on
  // DEVIATION: RFC 9293 §3.10.7.4 reports nothing in CLOSING and LAST-ACK. The peer may have lost data, so that the
  // user hears of it, as in Linux (tcp_reset).
  finish(state_ == TcpState::syn_received ? Error::refused : Error::reset);
  return verdict;
}

bool TcpConnection::challenge(NoteKind why, Instant now) {
  Instant& next = counts_.troubles().next_challenge;
  if (now < next) return false;
  next = now + options_->challenge_interval;
  acks_.ack_now();
  ack_note_.kind = why;
  return true;
}

void TcpConnection::on_text(SegmentIn& segment, StreamPos pos, BufferPool& pool, Instant now, SegmentVerdict& verdict) {
  const bool window_closed = receiver_.window_end() == receiver_.nxt();
  const bool had_urgent_byte = receiver_.has_urgent_byte();
  size_receive_buffer(segment, pool, now);
  const Receiver::Accepted accepted = receiver_.accept(pos, segment.payload, pool);
  if (accepted.refused) verdict.drop = DropReason::PROTO_MEM;
  verdict.refused_ahead = accepted.refused_ahead;
  verdict.pruned = accepted.pruned;
  if (accepted.in_order > 0) {
    raise(kEventReadable);
    if (!options_->oob_inline && !had_urgent_byte && receiver_.has_urgent_byte()) raise(kEventUrgent);
    AckPolicy::Data data{.bytes = accepted.in_order, .now = now};
    // A larger one is several that the way here has joined.
    data.segment = std::min<std::uint32_t>(segment.largest_payload, receive_mss_);
    data.push = segment.flags.psh();
    data.window = static_cast<std::uint32_t>(receiver_.window_end() - receiver_.nxt());
    data.delay = options_->delayed_ack;
    data.silence = rto_.rto();
    acks_.on_data(data);
    if (accepted.filled_gap || accepted.out_of_order) acks_.ack_now();
    return;
  }
  if (accepted.duplicate) {
    verdict.drop = window_closed ? DropReason::TCP_ZEROWINDOW : DropReason::TCP_OFOMERGE;
  } else if (!accepted.refused) {
    counts_.troubles().rcv_ooopack += segment.wire_segments;
    verdict.queued_out_of_order = true;
  }
  ack_out_of_order(segment);
}

// As far as memory lasts, unless the user has said how large it shall be.
void TcpConnection::size_receive_buffer(const SegmentIn& segment, const BufferPool& pool, Instant now) {
  if (pool.is_short()) return receiver_.save_memory();
  if (options_->receive_buffer || !options_->moderate_receive_buffer) return;
  std::optional<ReceiveTuning::Echo> echo;
  // Less than a full segment may have waited for the peer's user.
  if (segment.options.timestamps && segment.largest_payload >= acks_.largest_segment()) {
    const std::uint32_t value = segment.options.timestamps->echo_reply;
    if (const auto sample = timestamps_.round_trip(value, opened_at_, now)) echo = {value, *sample};
  }
  receiver_.grow(data_share(options_->receive_growth.most), echo, now);
}

// RFC 5681 §4.2: at once. A sender without SACK counts them, so it gets one for each segment; of those that arrived as
// one, as many as make it act.
void TcpConnection::ack_out_of_order(const SegmentIn& segment) {
  if (sack_agreed_) {
    ++counts_.troubles().dupacks_out;
    return acks_.selective_ack();
  }
  const std::uint32_t count = std::min<std::uint32_t>(segment.wire_segments, Rack::kDuplicateThreshold);
  counts_.troubles().dupacks_out += count;
  for (std::uint32_t i = 0; i < count; ++i) acks_.duplicate_ack();
}

void TcpConnection::on_fin() {
  receiver_.advance_control();
  receiver_.forget_out_of_order();
  move(StateEvent::fin_received);
  acks_.ack_now();
  raise(kEventReadable | kEventPeerClosed);
  if (state_ == TcpState::time_wait) {
    stop_timers();
    raise(kEventClosed);
  }
}

}  // namespace leat
