// The single exit for segments. Order: RST, SYN, a tail probe, lost data, new data, a bare ACK.
#include <algorithm>
#include <utility>

#include "tcp/connection.h"

namespace leat {

bool TcpConnection::poll_transmit(SegmentOut& out, Instant now) {
  out.clear();
  if (flight_ && flight_->recovery.owes_judgement() && state_ != TcpState::closed) {
    flight_->loss_timer.arm(LossTimer::Kind::reordering, now);
  }
  bool have = false;
  if (reset_pending_) {
    reset_pending_ = false;
    out.seq = send_map_.to_wire(sender_.empty_segment_pos());
    out.flags = kTcpRst | kTcpAck;
    out.ack = receive_map_.to_wire(receiver_.nxt());
    if (timestamps_.agreed()) out.options.timestamps = timestamps_.stamp(now);
    have = true;
  } else if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) {
    have = transmit_syn(out, now) || (state_ == TcpState::syn_received && transmit_ack(out, now));
  } else if (state_ != TcpState::closed && state_ != TcpState::listen) {
    have = (can_send(state_) && transmit_data(out, now)) || transmit_ack(out, now);
    if (!have) update_persist(now);
  }
  if (!have) return false;
  out.evidence = std::exchange(path_evidence_, PathEvidence::none);
  counts_.segs_out += out.wire_segments();
  return true;
}

bool TcpConnection::poll_hurried_ack(SegmentOut& out, Instant now) {
  if (!acks_.hurries() || !is_synchronized(state_)) return false;
  out.clear();
  if (!transmit_ack(out, now)) return false;
  out.evidence = std::exchange(path_evidence_, PathEvidence::none);
  counts_.segs_out += out.wire_segments();
  return true;
}

bool TcpConnection::transmit_syn(SegmentOut& out, Instant now) {
  if (!syn_due_) return false;
  syn_due_ = false;
  const bool again = sender_.nxt() > 0;
  out.seq = send_map_.to_wire(0);
  out.flags = kTcpSyn;
  if (state_ == TcpState::syn_received) {
    out.flags |= kTcpAck;
    out.ack = receive_map_.to_wire(receiver_.nxt());
  }
  out.options = syn_options(now);
  last_ack_sent_ = static_cast<std::uint32_t>(receiver_.nxt());
  out.window = receiver_.offer_window(false);
  out.retransmission = again;
  if (again) {
    out.note = {NoteKind::syn_time_out, time_outs_, static_cast<std::uint8_t>(options_->syn_retries)};
    ++counts_.troubles().total_retrans;
    flight().recovery.on_resent(0, 1, now);
  } else {
    flight().recovery.on_sent(1, now);
  }
  sender_.syn_sent();
  last_sent_at_ = now;
  if (!flight().loss_timer.armed()) arm_retransmission(now);
  return true;
}

bool TcpConnection::transmit_data(SegmentOut& out, Instant now) {
  if (transmit_tail_probe(out, now)) return true;
  if (!new_data_first_) return transmit_lost(out, now) || transmit_new(out, now);
  if (transmit_new(out, now)) return true;
  // Where nothing new could go the answer will never come (RFC 5682 §2.1 step 2b).
  new_data_first_ = flight().recovery.waits_for_new_data();
  return !new_data_first_ && transmit_lost(out, now);
}

// RFC 8985 §7.3: one segment, new data if there is any, whatever cwnd and Nagle say.
bool TcpConnection::transmit_tail_probe(SegmentOut& out, Instant now) {
  const bool due = tail_probe_due_;
  tail_probe_due_ = false;
  if (!due || sender_.una() >= sender_.nxt()) return false;
  std::optional<Sender::Plan> plan = sender_.next_new(sender_.mss(), sender_.mss(), true);
  const bool again = !plan;
  if (again) {
    const StreamPos data_end = sender_.data_end();
    const StreamPos last = sender_.fin_left_alone() ? data_end : flight().recovery.last_segment(data_end);
    plan = sender_.again(last, sender_.nxt(), sender_.mss());
  }
  out.note.kind = again ? NoteKind::tail_again : NoteKind::tail_probe;
  fill_data(out, *plan, now);
  flight().recovery.on_probe(again);
  arm_retransmission(now);
  return true;
}

bool TcpConnection::transmit_lost(SegmentOut& out, Instant now) {
  if (!flight_ || !flight_->recovery.has_lost()) return false;
  std::int64_t allowance = std::int64_t{cwnd()} - in_flight();
  if (flight_->budget.retransmits_now()) allowance = std::max<std::int64_t>(allowance, sender_.mss());
  if (allowance < sender_.mss() && in_flight() > 0) {
    note_window_use();
    return false;
  }
  const std::int64_t most = std::clamp<std::int64_t>(allowance, sender_.mss(), burst_limit());
  const std::uint32_t burst = static_cast<std::uint32_t>(most - most % sender_.mss());
  Scoreboard::Lost lost = flight().recovery.next_lost(burst);
  lost.end = std::min(lost.end, end_of_retransmission(lost.begin, lost.end));
  if (lost.empty()) return false;
  out.note = retransmission_note(lost.reason);
  flight_->budget.on_lost_sent();
  fill_data(out, sender_.again(lost.begin, lost.end, burst), now);
  return true;
}

// Within a window that shrank as many whole segments as fit, or a part of one; beyond it the first segment alone, as a
// probe (RFC 9293 §3.8.6, as Linux). A FIN needs no room.
StreamPos TcpConnection::end_of_retransmission(StreamPos begin, StreamPos end) const {
  const StreamPos mss = sender_.mss();
  StreamPos room = sender_.una() + sender_.window() - begin;
  if (room <= 0) room = begin == sender_.una() ? mss : 0;
  if (std::min(end, sender_.data_end()) - begin <= room) return room > 0 ? end : begin;
  return begin + (room > mss ? room - room % mss : room);
}

PacketNote TcpConnection::retransmission_note(LossReason why) const {
  switch (why) {
    case LossReason::duplicate_acks: return {NoteKind::fast_retransmit};
    case LossReason::partial_ack: return {NoteKind::partial_ack};
    case LossReason::later_delivered: return {NoteKind::overtaken};
    case LossReason::retransmission_lost: return {NoteKind::lost_again};
    case LossReason::smaller_path: return {NoteKind::smaller_path};
    case LossReason::reneged: return {NoteKind::reneged};
    case LossReason::none:
    case LossReason::time_out: break;
  }
  if (!flight_->budget.retransmits_now()) return {NoteKind::after_time_out};
  return {NoteKind::time_out, time_outs_, static_cast<std::uint8_t>(retries())};
}

PacketNote TcpConnection::probe_note() const {
  if (!sender_.everything_acked()) return {NoteKind::window_probe, probes_, static_cast<std::uint8_t>(retries())};
  const unsigned limit = options_->keep_alive ? options_->keep_alive->probes : 0;
  return {NoteKind::keep_alive, probes_, static_cast<std::uint8_t>(limit)};
}

bool TcpConnection::transmit_new(SegmentOut& out, Instant now) {
  if (sender_.nxt() >= sender_.end()) return false;
  const std::int64_t flight = in_flight();
  const bool overrides = flight_->budget.overrides_window();
  const auto plan_within = [&](std::int64_t window) {
    return sender_.next_new(window - flight, burst_limit(), overrides);
  };
  // Only when something leaves: a pause is one.
  if (flight == 0 && sender_.una() == sender_.nxt() && plan_within(cwnd())) {
    congestion_->on_flight_begins({now - last_sent_at_, rto_.rto(), now, !options_->restart_after_idle});
  }
  const std::int64_t allowance = std::int64_t{cwnd()} - flight;
  if (allowance < sender_.mss() && std::int64_t{sender_.unsent_bytes()} > allowance && flight > 0) {
    note_window_use();
    return false;
  }
  const bool held_by_window = sender_.is_blocked_by_window();
  const std::optional<Sender::Plan> plan = plan_within(cwnd());
  if (!plan) return false;
  if (overrides && held_by_window) out.note.kind = NoteKind::window_override;
  if (overrides) sender_.mark_push(plan->pos + plan->length);
  flight_->budget.on_new_sent();
  fill_data(out, *plan, now);
  return true;
}

std::uint32_t TcpConnection::burst_limit() const {
  const std::uint32_t mss = sender_.mss();
  // What must stand in every segment cannot be left to whoever splits a super-segment.
  if (options_->push_each_segment || sender_.urgent_end() > sender_.una()) return mss;
  return SendBudget::burst(cwnd(), mss, max_burst_);
}

void TcpConnection::fill_data(SegmentOut& out, const Sender::Plan& planned, Instant now) {
  Sender::Plan plan = planned;
  if (plan.length > 0) {
    SendBuffer::Gathered got = sender_.gather(plan, out.payload);
    if (got.length < plan.length) {
      // Too many pieces for one packet: as many whole segments as it holds, or each burst would end in a small one.
      plan.fin = false;
      plan.length = static_cast<std::uint32_t>(got.length);
      if (plan.length > sender_.mss()) plan.length -= plan.length % sender_.mss();
      got = sender_.gather(plan, out.payload);
    }
    if (got.pushed || options_->push_each_segment) out.flags |= kTcpPsh;
    out.slices = static_cast<std::uint8_t>(got.slices);
    out.length = plan.length;
    if (plan.length > sender_.mss()) out.gso_size = static_cast<std::uint16_t>(sender_.mss());
  }
  out.seq = send_map_.to_wire(plan.pos);
  out.flags |= kTcpAck;
  if (plan.fin) out.flags |= kTcpFin;
  fill_common(out, now);
  fill_urgent(out, plan.pos);

  out.retransmission = plan.pos < sender_.nxt();
  note_data_sent(plan, out.wire_segments(), now);
  if (plan.length > 0) acks_.on_data_sent(now, options_->delayed_ack);
  wake_writer();
  // Data carries the ACK. But while something is missing the peer needs segments without data: SACK blocks go on those,
  // so that data stays MSS-sized, and without SACK only those count as duplicates (RFC 5681 §2).
  if (receiver_.sack_blocks().empty() && !receiver_.has_duplicate()) {
    acks_.on_piggybacked();
    if (out.note.kind == NoteKind::none) out.note = ack_note_;
    ack_note_ = {};
  }
}

void TcpConnection::note_window_use() {
  const std::int64_t bytes = in_flight();
  const bool full = cwnd() - bytes < sender_.mss();
  flight().window_use.note(sender_.una(), sender_.nxt(), static_cast<std::uint32_t>(bytes), full);
}

void TcpConnection::note_data_sent(const Sender::Plan& plan, std::uint32_t segments, Instant now) {
  Flight& f = flight();
  const StreamPos end = plan.pos + plan.length + (plan.fin ? 1 : 0);
  const bool again = plan.pos < sender_.nxt();
  const bool oldest = sender_.una() == sender_.nxt() || plan.pos == sender_.una();
  if (again) {
    counts_.troubles().total_retrans += segments;
    counts_.troubles().bytes_retrans += plan.length;
    f.recovery.on_resent(plan.pos, end, now);
  } else {
    if (oldest) f.progress_at = now;
    f.recovery.on_sent(end, now);
  }
  f.budget.on_sent(static_cast<std::uint32_t>(end - plan.pos));
  sender_.sent(plan);
  note_window_use();
  if (plan.length > 0) counts_.data_segs_out += segments;
  last_sent_at_ = now;
  const LossTimer& timer = f.loss_timer;
  const bool waits_for_probe = timer.kind == LossTimer::Kind::tail_probe || f.recovery.may_probe();
  if (!timer.armed() || (again && oldest && timer.kind != LossTimer::Kind::reordering)) {
    arm_retransmission(now);
  }
  if (!again && waits_for_probe) arm_loss_timer(oldest_times_out(now), now);
}

void TcpConnection::fill_common(SegmentOut& out, Instant now) {
  last_ack_sent_ = static_cast<std::uint32_t>(receiver_.nxt());
  if (timestamps_.agreed()) out.options.timestamps = timestamps_.stamp(now);
  out.ack = receive_map_.to_wire(receiver_.nxt());
  out.window = receiver_.offer_window(true);
}

// On every segment until the urgent data is acknowledged; further ahead than the pointer reaches it says as far as it
// can (RFC 9293 §3.8.5).
void TcpConnection::fill_urgent(SegmentOut& out, StreamPos pos) const {
  const StreamPos ahead = sender_.urgent_end() - pos;
  if (ahead <= 0 || sender_.urgent_end() <= sender_.una()) return;
  out.flags |= kTcpUrg;
  out.urgent = static_cast<std::uint16_t>(std::min<StreamPos>(ahead, 65535));
}

void TcpConnection::fill_sack(SegmentOut& out) {
  if (!sack_agreed_) return;
  const auto add = [&](StreamPos begin, StreamPos end) {
    if (out.options.sack_count == TcpOptionSet::kMaxSackBlocks) return;
    out.options.sack[out.options.sack_count++] = {receive_map_.to_wire(begin), receive_map_.to_wire(end)};
  };
  // RFC 2883 §4: what came twice is the first block, once; the blocks behind it may hold it.
  if (receiver_.has_duplicate()) {
    const Reassembly::Range duplicate = receiver_.take_duplicate();
    add(duplicate.begin, duplicate.end);
  }
  // A FIN ahead of RCV.NXT has a number, too, and need not come again.
  const StreamPos fin = peer_fin();
  bool fin_told = fin <= receiver_.nxt();
  for (const Reassembly::Range& r : receiver_.sack_blocks()) {
    const bool has_fin = r.end == fin;
    add(r.begin, has_fin ? fin + 1 : r.end);
    fin_told |= has_fin;
  }
  if (!fin_told) add(fin, fin + 1);
}

bool TcpConnection::transmit_ack(SegmentOut& out, Instant now) {
  if (!probe_due_ && acks_.owed() == 0) return false;
  out.flags = kTcpAck;
  fill_common(out, now);
  fill_sack(out);
  if (urgent_probe_due_) {
    // It says that there is urgent data, and how far ahead (as Linux).
    out.seq = send_map_.to_wire(sender_.una());
    out.probe = true;
    out.note = probe_note();
    urgent_probe_due_ = false;
    fill_urgent(out, sender_.una());
    return true;
  }
  if (probe_due_) {
    // A number from the past: whoever is alive has to answer it (RFC 9293 §3.8.6.1; Linux probes like this).
    out.seq = send_map_.to_wire(sender_.una() - 1);
    out.probe = true;
    out.note = probe_note();
    probe_due_ = false;
  } else {
    out.seq = send_map_.to_wire(sender_.empty_segment_pos());
    out.note = ack_note_;
  }
  ack_note_ = {};
  fill_urgent(out, out.probe ? sender_.una() - 1 : sender_.nxt());
  acks_.on_ack_sent();
  return true;
}

}  // namespace leat
