// Acknowledgements: RFC 9293 §3.10.7.4, the fifth step, and what Recovery and the congestion controller make of them.
#include <algorithm>

#include "tcp/connection.h"

namespace leat {
namespace {

// Of what left last: unlike the sample for the RTO it does not include how long an ACK waited for a second segment.
std::optional<Duration> latest_round_trip(const Delivery& delivery, Instant now) {
  if (delivery.sacked_last != kNever) return now - delivery.sacked_last;
  if (delivery.acked_last != kNever && !delivery.retransmitted) return now - delivery.acked_last;
  return std::nullopt;
}

}  // namespace

std::optional<SegmentVerdict> TcpConnection::check_ack(const SegmentIn& segment, Instant now) {
  SegmentVerdict verdict;
  if (!segment.flags.ack()) {
    verdict.drop = DropReason::TCP_FLAGS;
    return verdict;
  }
  const StreamPos ack = send_map_.from_wire(segment.ack, sender_.una());
  if (state_ == TcpState::syn_received) {
    if (ack >= 1 && ack <= sender_.nxt()) return std::nullopt;
    verdict.drop = DropReason::TCP_ACK_UNSENT_DATA;
    verdict.reset_reply = true;
    return verdict;
  }
  // RFC 5961 §5.2: what is far too old, or not sent yet, comes from someone who guesses.
  if (ack > sender_.nxt()) {
    verdict.drop = DropReason::TCP_ACK_UNSENT_DATA;
  } else if (ack < sender_.una() - static_cast<StreamPos>(sender_.largest_window())) {
    verdict.drop = DropReason::TCP_TOO_OLD_ACK;
  } else {
    return std::nullopt;
  }
  verdict.challenge = challenge(NoteKind::challenge_ack, now);
  return verdict;
}

Recovery::Path TcpConnection::path() const {
  return {sender_.path_mss(), rto_.rtt().srtt(), rto_.rtt().min_rtt().value_or(Duration::zero())};
}

Recovery::Ack TcpConnection::recovery_ack(const SegmentIn& segment, StreamPos ack, Instant now) const {
  Recovery::Ack in;
  in.ack = ack;
  in.now = now;
  in.largest_window = sender_.largest_window();
  for (const SackBlock& block : segment.options.sack_blocks()) {
    in.sacks[in.sack_count++] = {send_map_.from_wire(block.begin, ack), send_map_.from_wire(block.end, ack)};
  }
  if (timestamps_.agreed() && segment.options.timestamps) {
    in.echoed = timestamps_.echoed_at(segment.options.timestamps->echo_reply, opened_at_, now);
  }
  return in;
}

std::optional<Duration> TcpConnection::echoed_round_trip(const SegmentIn& segment, Instant now) const {
  if (!timestamps_.agreed() || !segment.options.timestamps) return std::nullopt;
  return timestamps_.round_trip(segment.options.timestamps->echo_reply, opened_at_, now);
}

void TcpConnection::on_ack(const SegmentIn& segment, StreamPos pos, Instant now, SegmentVerdict& verdict) {
  const StreamPos ack = send_map_.from_wire(segment.ack, sender_.una());
  probes_ = 0;
  heard_at_ = now;
  if (!flight_ && segment.options.sack_blocks().empty()) {
    static_cast<void>(ack >= sender_.una() && sender_.update_window(pos, ack, segment.window, true));
    return;
  }
  Flight& f = flight();
  const bool outstanding = sender_.una() < sender_.nxt();
  const bool window_changed = ack >= sender_.una() && sender_.update_window(pos, ack, segment.window, true);
  // Each ACK starts the wait for the next probe anew, as Linux; not for an orphan, whom a peer could keep so.
  if (ack >= sender_.una() && !outstanding && !user_gone_ && f.persist_deadline != kNever) arm_persist(now);
  // Who closes the window over data in flight, and says so, is alive (RFC 9293 §3.8.6.1). An orphan does not wait.
  if (sender_.window() == 0 && !user_gone_) f.silent_since = kNever;
  AckSample sample;
  sample.now = now;
  sample.in_flight = std::max(f.window_use.peak(), static_cast<std::uint32_t>(in_flight()));
  sample.app_limited = !f.window_use.full();
  const bool advances = ack > sender_.una();
  const std::uint32_t acked_bytes = advances ? sender_.on_ack(ack) : 0;
  Recovery::Ack in = recovery_ack(segment, ack, now);
  // RFC 5681 §2 says what a duplicate ACK is.
  in.may_be_duplicate =
      ack == sender_.una() && !advances && segment.length == 0 && !segment.flags.fin() && !window_changed;
  in.more_follow = segment.more_follow;
  in.new_data_waits = sender_.nxt() < sender_.end() && sender_.usable_window() > 0;
  const Recovery::Verdict loss = f.recovery.on_ack(in, path());
  react(loss, loss.delivery.bytes);
  verdict.losses = loss.events;
  if (loss.duplicate) {
    ++counts_.troubles().dupacks_in;
    congestion_->on_duplicate_ack(now);
  }
  if (loss.events.has(LossEvent::reordering)) ++counts_.troubles().reord_seen;
  if (loss.duplicates_reported > 0) {
    counts_.troubles().dsack_dups += (loss.duplicates_reported + sender_.path_mss() - 1) / sender_.path_mss();
  }
  measure(segment, loss, now);
  sample.rtt = latest_round_trip(loss.delivery, now);
  sample.srtt = rto_.rtt().srtt();
  sample.una = sender_.una();
  sample.nxt = sender_.nxt();
  sample.acked_bytes = loss.delivery.bytes;
  sample.in_recovery = loss.reduces;
  // Where much is reordered SACK is progress enough (as Linux).
  const bool patient = f.recovery.rack().reordering() > Rack::kDuplicateThreshold;
  if (sample.acked_bytes > 0 && (acked_bytes > 0 || (patient && !advances))) congestion_->on_ack(sample);
  if (advances) on_progress(acked_bytes, now);
  new_data_first_ = loss.send_new_first;
  follow(loss, now);
}

/// Passes on what loss detection has found to those who decide how much may be sent.
void TcpConnection::react(const Recovery::Verdict& verdict, std::uint32_t delivered) {
  SendBudget& budget = flight().budget;
  for (const Congestion& signal : verdict.congestion) budget.on_congestion(signal, *congestion_);
  if (verdict.began) ++counts_.troubles().fast_recoveries;
  budget.on_delivered({delivered, in_flight(), verdict.safe}, *congestion_, sender_.path_mss());
}

void TcpConnection::on_syn_acked(const SegmentIn& segment, Instant now) {
  sender_.on_ack(1);
  Recovery& recovery = flight().recovery;
  const Recovery::Verdict loss = recovery.on_ack(recovery_ack(segment, 1, now), path());
  recovery.on_established();
  measure(segment, loss, now);
  on_progress(0, now);
  follow(loss, now);
}

void TcpConnection::on_progress(std::uint32_t acked_bytes, Instant now) {
  time_outs_ = 0;
  flight().silent_since = kNever;
  flight().progress_at = now;
  soft_error_ = Error::none;
  path_evidence_ = PathEvidence::works;
  sender_.forget_more();
  wake_writer();
  if (acked_bytes > 0 && sender_.everything_acked()) raise(kEventFlushed);
}

// Karn's rule: what was sent twice says nothing, unless its timestamp comes back (RFC 7323 §4.1).
void TcpConnection::measure(const SegmentIn& segment, const Recovery::Verdict& verdict, Instant now) {
  const Delivery& delivery = verdict.delivery;
  std::optional<Duration> rtt;
  if (delivery.acked_first != kNever && !delivery.retransmitted) {
    rtt = now - delivery.acked_first;
  } else if (delivery.sacked_first != kNever) {
    rtt = now - delivery.sacked_first;
  } else if (verdict.advanced) {
    rtt = echoed_round_trip(segment, now);
  }
  if (!rtt) return;
  const bool begins_round = sender_.una() >= flight().round_end;
  if (begins_round) flight().round_end = sender_.nxt();
  rto_.on_sample(*rtt, begins_round, now);
}

/// Sets the timer for what an acknowledgement has left outstanding.
void TcpConnection::follow(const Recovery::Verdict& verdict, Instant now) {
  constexpr Duration kLeast = std::chrono::milliseconds(10), kMargin = std::chrono::milliseconds(2);
  LossTimer& timer = flight().loss_timer;
  if (sender_.una() >= sender_.nxt()) {
    timer.stop();
  } else if (verdict.reneged) {
    timer.arm(LossTimer::Kind::time_out, now + std::max(rto_.rtt().srtt() / 2, kLeast));
  } else if (verdict.wait > Duration::zero()) {
    timer.arm(LossTimer::Kind::reordering, now + verdict.wait + kMargin);
  } else if (verdict.advanced) {
    arm_loss_timer(limited_by_user(now + rto_.rto(), now), now);
  }
}

void TcpConnection::on_fin_acked(Instant now, SegmentVerdict& verdict) {
  if (state_ == TcpState::fin_wait_1) {
    move(StateEvent::fin_acked);
    raise(kEventFlushed);
    if (!user_gone_) return;
    if (options_->fin_wait_2 > Duration::zero()) return linger_in_fin_wait_2(now);
    verdict.drop = DropReason::TCP_ABORT_ON_DATA;  // the kernel's name for this, too
    verdict.reset_reply = true;
    finish(Error::aborted);
  } else if (state_ == TcpState::closing) {
    move(StateEvent::fin_acked);
    stop_timers();
    raise(kEventFlushed | kEventClosed);
  } else if (state_ == TcpState::last_ack) {
    raise(kEventFlushed);
    finish(Error::none);
  }
}

}  // namespace leat
