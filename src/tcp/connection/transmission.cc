#include "tcp/connection/transmission.h"

#include <algorithm>
#include <utility>

#include "tcp/connection/opening.h"
#include "tcp/connection/segment_writer.h"

namespace leat {

bool Transmission::next() {
  out_.clear();
  if (c_.flight && c_.flight->recovery.owes_judgement() && c_.state != TcpState::closed) {
    c_.flight->loss_timer.arm(LossTimer::Kind::reordering, now_);
  }
  bool have = false;
  if (c_.reset_pending) {
    c_.reset_pending = false;
    out_.seq = c_.send_map.to_wire(c_.sender.empty_segment_pos());
    out_.flags = kTcpRst | kTcpAck;
    out_.ack = c_.receive_map.to_wire(c_.receiver.nxt());
    if (c_.timestamps.agreed()) out_.options.timestamps = c_.timestamps.stamp(now_);
    have = true;
  } else if (c_.state == TcpState::syn_sent || c_.state == TcpState::syn_received) {
    have = transmit_syn() || (c_.state == TcpState::syn_received && transmit_ack());
  } else if (c_.state != TcpState::closed && c_.state != TcpState::listen) {
    have = (can_send(c_.state) && transmit_data()) || transmit_ack();
    if (!have) c_.update_persist(now_);
  }
  if (!have) return false;
  leave();
  return true;
}

bool Transmission::hurried_ack() {
  if (!c_.acks.hurries() || !is_synchronized(c_.state)) return false;
  out_.clear();
  if (!transmit_ack()) return false;
  leave();
  return true;
}

void Transmission::leave() {
  out_.evidence = std::exchange(c_.path_evidence, PathEvidence::none);
  c_.counts.segs_out += out_.wire_segments();
}

bool Transmission::transmit_syn() {
  if (!c_.syn_due) return false;
  c_.syn_due = false;
  const bool again = c_.sender.nxt() > 0;
  out_.seq = c_.send_map.to_wire(0);
  out_.flags = kTcpSyn;
  if (c_.state == TcpState::syn_received) {
    out_.flags |= kTcpAck;
    out_.ack = c_.receive_map.to_wire(c_.receiver.nxt());
  }
  out_.options = Opening(c_).syn_options(now_);
  c_.last_ack_sent = static_cast<std::uint32_t>(c_.receiver.nxt());
  out_.window = c_.receiver.offer_window(false);
  out_.retransmission = again;
  if (again) {
    out_.note = {NoteKind::syn_time_out, c_.liveness.time_outs(), static_cast<std::uint8_t>(c_.settings->syn_retries)};
    ++c_.counts.troubles().total_retrans;
    c_.take_flight().recovery.on_resent(0, 1, now_);
  } else {
    c_.take_flight().recovery.on_sent(1, now_);
  }
  c_.sender.syn_sent();
  c_.last_sent_at = now_;
  if (!c_.take_flight().loss_timer.armed()) c_.arm_retransmission(now_);
  return true;
}

bool Transmission::transmit_data() {
  if (transmit_tail_probe()) return true;
  if (!c_.new_data_first) return transmit_lost() || transmit_new();
  if (transmit_new()) return true;
  // If no new data could be sent, the ACK that F-RTO waits for will never come (RFC 5682 §2.1 step 2b).
  c_.new_data_first = c_.take_flight().recovery.waits_for_new_data();
  return !c_.new_data_first && transmit_lost();
}

// RFC 8985 §7.3: one segment, new data if there is any, whatever cwnd and Nagle say.
bool Transmission::transmit_tail_probe() {
  const bool due = c_.tail_probe_due;
  c_.tail_probe_due = false;
  if (!due || c_.sender.una() >= c_.sender.nxt()) return false;
  std::optional<Sender::Plan> plan = c_.sender.next_new(c_.sender.mss(), c_.sender.mss(), true);
  const bool again = !plan;
  if (again) {
    const StreamPos data_end = c_.sender.data_end();
    const StreamPos last = c_.sender.fin_left_alone() ? data_end : c_.take_flight().recovery.last_segment(data_end);
    plan = c_.sender.again(last, c_.sender.nxt(), c_.sender.mss());
  }
  out_.note.kind = again ? NoteKind::tail_again : NoteKind::tail_probe;
  send_data(*plan);
  c_.take_flight().recovery.on_probe(again);
  c_.arm_retransmission(now_);
  return true;
}

bool Transmission::transmit_lost() {
  if (!c_.flight || !c_.flight->recovery.has_lost()) return false;
  std::int64_t allowance = std::int64_t{c_.cwnd()} - c_.in_flight();
  if (c_.flight->budget.retransmits_now()) allowance = std::max<std::int64_t>(allowance, c_.sender.mss());
  if (allowance < c_.sender.mss() && c_.in_flight() > 0) {
    note_window_use();
    return false;
  }
  const std::int64_t most = std::clamp<std::int64_t>(allowance, c_.sender.mss(), burst_limit());
  const std::uint32_t burst = static_cast<std::uint32_t>(most - most % c_.sender.mss());
  Scoreboard::Lost lost = c_.take_flight().recovery.next_lost(burst);
  lost.end = std::min(lost.end, end_of_retransmission(lost.begin, lost.end));
  if (lost.empty()) return false;
  out_.note = retransmission_note(lost.reason);
  out_.cause = retransmission_cause(lost.reason);
  c_.flight->budget.on_lost_sent();
  send_data(c_.sender.again(lost.begin, lost.end, burst));
  return true;
}

// After the peer has shrunk its window, as many whole segments are retransmitted as fit, or a part of one. Beyond the
// window only the first segment goes, as a probe (RFC 9293 §3.8.6, as Linux). A FIN needs no room.
StreamPos Transmission::end_of_retransmission(StreamPos begin, StreamPos end) const {
  const StreamPos mss = c_.sender.mss();
  StreamPos room = c_.sender.una() + c_.sender.peer().size() - begin;
  if (room <= 0) room = begin == c_.sender.una() ? mss : 0;
  if (std::min(end, c_.sender.data_end()) - begin <= room) return room > 0 ? end : begin;
  return begin + (room > mss ? room - room % mss : room);
}

RetransmissionCause Transmission::retransmission_cause(LossReason why) const {
  switch (why) {
    case LossReason::duplicate_acks:
    case LossReason::partial_ack:
    case LossReason::later_delivered:
    case LossReason::retransmission_lost: return RetransmissionCause::fast;
    case LossReason::smaller_path:
    case LossReason::reneged: return RetransmissionCause::other;
    case LossReason::none:
    case LossReason::time_out: break;
  }
  return c_.flight->budget.retransmits_now() ? RetransmissionCause::other : RetransmissionCause::after_time_out;
}

PacketNote Transmission::retransmission_note(LossReason why) const {
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
  if (!c_.flight->budget.retransmits_now()) return {NoteKind::after_time_out};
  return {NoteKind::time_out, c_.liveness.time_outs(), static_cast<std::uint8_t>(c_.retries())};
}

PacketNote Transmission::probe_note() const {
  if (!c_.sender.everything_acked())
    return {NoteKind::window_probe, c_.liveness.probes(), static_cast<std::uint8_t>(c_.retries())};
  const unsigned limit = c_.settings->keep_alive ? c_.settings->keep_alive->probes : 0;
  return {NoteKind::keep_alive, c_.liveness.probes(), static_cast<std::uint8_t>(limit)};
}

bool Transmission::transmit_new() {
  if (c_.sender.nxt() >= c_.sender.end()) return false;
  const std::int64_t flight = c_.in_flight();
  const bool overrides = c_.flight->budget.overrides_window();
  const auto plan_within = [&](std::int64_t window) {
    return c_.sender.next_new(window - flight, burst_limit(), overrides);
  };
  // A pause ends only when data is really sent.
  if (flight == 0 && c_.sender.una() == c_.sender.nxt() && plan_within(c_.cwnd())) {
    c_.congestion->on_flight_begins({now_ - c_.last_sent_at, c_.rto.rto(), now_, !c_.settings->restart_after_idle});
  }
  const std::int64_t allowance = std::int64_t{c_.cwnd()} - flight;
  if (allowance < c_.sender.mss() && std::int64_t{c_.sender.unsent_bytes()} > allowance && flight > 0) {
    note_window_use();
    return false;
  }
  const bool held_by_window = c_.sender.is_blocked_by_window();
  const std::optional<Sender::Plan> plan = plan_within(c_.cwnd());
  if (!plan) return false;
  if (overrides && held_by_window) out_.note.kind = NoteKind::window_override;
  if (overrides) c_.sender.mark_push(plan->pos + plan->length);
  c_.flight->budget.on_new_sent();
  send_data(*plan);
  return true;
}

std::uint32_t Transmission::burst_limit() const {
  const std::uint32_t mss = c_.sender.mss();
  // A flag that every segment must carry would be lost when a super-segment is split.
  if (c_.settings->push_each_segment || c_.sender.urgent_end() > c_.sender.una()) return mss;
  SendBudget::BurstFacts facts{.mss = mss, .cwnd = c_.cwnd(), .ssthresh = c_.congestion->ssthresh()};
  facts.in_flight = static_cast<std::uint32_t>(c_.sender.nxt() - c_.sender.una());
  facts.srtt = c_.rto.rtt().srtt();
  facts.min_rtt = c_.rto.rtt().min_rtt().value_or(Duration::zero());
  facts.least_segments = c_.settings->least_burst;
  facts.most = c_.max_burst;
  return SendBudget::burst(facts);
}

void Transmission::send_data(Sender::Plan plan) {
  SegmentWriter(c_, out_, now_).write_data(plan);
  out_.retransmission = plan.pos < c_.sender.nxt();
  note_data_sent(plan, out_.wire_segments());
  if (plan.length > 0) c_.acks.on_data_sent(now_, c_.settings->delayed_ack);
  c_.wake_writer();
  // Data carries the ACK. While data of the peer is missing, the peer needs segments without data: SACK blocks go on
  // those, so that data stays MSS-sized, and without SACK only those count as duplicates (RFC 5681 §2).
  if (c_.receiver.sack_blocks().empty() && !c_.receiver.has_duplicate()) {
    c_.acks.on_piggybacked();
    if (out_.note.kind == NoteKind::none) out_.note = c_.ack_note;
    c_.ack_note = {};
  }
}

void Transmission::note_window_use() {
  const std::int64_t bytes = c_.in_flight();
  const bool full = c_.cwnd() - bytes < c_.sender.mss();
  c_.take_flight().window_use.note(c_.sender.una(), c_.sender.nxt(), static_cast<std::uint32_t>(bytes), full);
}

void Transmission::note_data_sent(const Sender::Plan& plan, std::uint32_t segments) {
  Flight& f = c_.take_flight();
  const StreamPos end = plan.pos + plan.length + (plan.fin ? 1 : 0);
  const bool again = plan.pos < c_.sender.nxt();
  const bool oldest = c_.sender.una() == c_.sender.nxt() || plan.pos == c_.sender.una();
  if (again) {
    c_.counts.troubles().total_retrans += segments;
    c_.counts.troubles().bytes_retrans += plan.length;
    f.recovery.on_resent(plan.pos, end, now_);
  } else {
    if (oldest) f.progress_at = now_;
    f.recovery.on_sent(end, now_);
  }
  f.budget.on_sent(static_cast<std::uint32_t>(end - plan.pos));
  c_.sender.sent(plan);
  note_window_use();
  if (plan.length > 0) c_.counts.data_segs_out += segments;
  c_.last_sent_at = now_;
  const LossTimer& timer = f.loss_timer;
  const bool waits_for_probe = timer.kind == LossTimer::Kind::tail_probe || f.recovery.may_probe();
  if (!timer.armed() || (again && oldest && timer.kind != LossTimer::Kind::reordering)) {
    c_.arm_retransmission(now_);
  }
  if (!again && waits_for_probe) c_.arm_loss_timer(c_.oldest_times_out(now_), now_);
}

bool Transmission::transmit_ack() {
  if (!c_.probe_due && c_.acks.owed() == 0) return false;
  SegmentWriter writer(c_, out_, now_);
  out_.flags = kTcpAck;
  writer.write_ack();
  writer.write_sack();
  if (c_.urgent_probe_due) {
    // This probe tells the peer that urgent data waits, and how far ahead it ends (as Linux).
    out_.seq = c_.send_map.to_wire(c_.sender.una());
    out_.probe = true;
    out_.note = probe_note();
    c_.urgent_probe_due = false;
    writer.write_urgent(c_.sender.una());
    return true;
  }
  if (c_.probe_due) {
    // An old sequence number: a peer that is alive must answer it (RFC 9293 §3.8.6.1; Linux: tcp_xmit_probe_skb).
    out_.seq = c_.send_map.to_wire(c_.sender.una() - 1);
    out_.probe = true;
    out_.note = probe_note();
    c_.probe_due = false;
  } else {
    out_.seq = c_.send_map.to_wire(c_.sender.empty_segment_pos());
    out_.note = c_.ack_note;
  }
  c_.ack_note = {};
  writer.write_urgent(out_.probe ? c_.sender.una() - 1 : c_.sender.nxt());
  c_.acks.on_ack_sent();
  return true;
}

}  // namespace leat
