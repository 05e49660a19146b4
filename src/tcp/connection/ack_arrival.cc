#include "tcp/connection/ack_arrival.h"

#include <algorithm>

namespace leat {
namespace {

// RTT of the most recently sent data that this ACK covers. Unlike the RTO sample it excludes the receiver's delayed-ACK
// wait.
std::optional<Duration> latest_round_trip(const Delivery& delivery, Instant now) {
  if (delivery.sacked_last != kNever) return now - delivery.sacked_last;
  if (delivery.acked_last != kNever && !delivery.retransmitted) return now - delivery.acked_last;
  return std::nullopt;
}

}  // namespace

void AckArrival::process(StreamPos pos, SegmentVerdict& verdict) {
  const StreamPos ack = c_.send_map.from_wire(segment_.ack, c_.sender.una());
  c_.liveness.on_heard(now_);
  if (!c_.flight && segment_.options.sack_blocks().empty()) {
    static_cast<void>(ack >= c_.sender.una() && c_.sender.peer().update(pos, ack, segment_.window, true));
    return;
  }
  Flight& f = c_.take_flight();
  const bool outstanding = c_.sender.una() < c_.sender.nxt();
  const bool window_changed = ack >= c_.sender.una() && c_.sender.peer().update(pos, ack, segment_.window, true);
  // Each ACK restarts the wait for the next probe, as in Linux. An orphan is excepted: its peer could keep it for ever.
  if (ack >= c_.sender.una() && !outstanding && !c_.user_gone && f.persist_deadline != kNever) c_.arm_persist(now_);
  // A peer that advertises a zero window while data is in flight is alive, so the give-up clock restarts (RFC 9293
  // §3.8.6.1), except for an orphan.
  if (c_.sender.peer().size() == 0 && !c_.user_gone) f.silent_since = kNever;
  AckSample sample;
  sample.now = now_;
  sample.in_flight = std::max(f.window_use.peak(), static_cast<std::uint32_t>(c_.in_flight()));
  sample.app_limited = !f.window_use.full();
  const bool advances = ack > c_.sender.una();
  const std::uint32_t acked_bytes = advances ? c_.sender.on_ack(ack) : 0;
  Recovery::Ack in = recovery_ack(ack);
  // RFC 5681 §2 defines a duplicate ACK.
  in.may_be_duplicate =
      ack == c_.sender.una() && !advances && segment_.length == 0 && !segment_.flags.fin() && !window_changed;
  in.more_follow = segment_.more_follow;
  in.new_data_waits = c_.sender.nxt() < c_.sender.end() && c_.sender.usable_window() > 0;
  const Recovery::Verdict loss = f.recovery.on_ack(in, c_.path());
  c_.react(loss, loss.delivery.bytes);
  verdict.losses = loss.events;
  if (loss.duplicate) {
    ++c_.counts.troubles().dupacks_in;
    c_.congestion->on_duplicate_ack(now_);
  }
  if (loss.events.has(LossEvent::reordering)) ++c_.counts.troubles().reord_seen;
  if (loss.duplicates_reported > 0) {
    c_.counts.troubles().dsack_dups += (loss.duplicates_reported + c_.sender.path_mss() - 1) / c_.sender.path_mss();
  }
  measure(loss);
  sample.rtt = latest_round_trip(loss.delivery, now_);
  sample.srtt = c_.rto.rtt().srtt();
  sample.una = c_.sender.una();
  sample.nxt = c_.sender.nxt();
  sample.acked_bytes = loss.delivery.bytes;
  sample.in_recovery = loss.reduces;
  // On a path that reorders much, SACKed data counts as progress, too (as Linux).
  const bool patient = f.recovery.rack().reordering() > Rack::kDuplicateThreshold;
  if (sample.acked_bytes > 0 && (acked_bytes > 0 || (patient && !advances))) c_.congestion->on_ack(sample);
  if (advances) on_progress(acked_bytes);
  c_.new_data_first = loss.send_new_first;
  follow(loss);
}

void AckArrival::on_syn_acked() {
  c_.sender.on_ack(1);
  Recovery& recovery = c_.take_flight().recovery;
  const Recovery::Verdict loss = recovery.on_ack(recovery_ack(1), c_.path());
  recovery.on_established();
  measure(loss);
  on_progress(0);
  follow(loss);
}

Recovery::Ack AckArrival::recovery_ack(StreamPos ack) const {
  Recovery::Ack in;
  in.ack = ack;
  in.now = now_;
  in.largest_window = c_.sender.peer().largest();
  for (const SackBlock& block : segment_.options.sack_blocks()) {
    in.sacks[in.sack_count++] = {c_.send_map.from_wire(block.begin, ack), c_.send_map.from_wire(block.end, ack)};
  }
  if (c_.timestamps.agreed() && segment_.options.timestamps) {
    in.echoed = c_.timestamps.echoed_at(segment_.options.timestamps->echo_reply, c_.liveness.opened_at(), now_);
  }
  return in;
}

std::optional<Duration> AckArrival::echoed_round_trip() const {
  if (!c_.timestamps.agreed() || !segment_.options.timestamps) return std::nullopt;
  return c_.timestamps.round_trip(segment_.options.timestamps->echo_reply, c_.liveness.opened_at(), now_);
}

// Karn's rule: retransmitted data gives no sample, unless the ACK echoes its timestamp (RFC 7323 §4.1).
void AckArrival::measure(const Recovery::Verdict& verdict) {
  const Delivery& delivery = verdict.delivery;
  std::optional<Duration> rtt;
  if (delivery.acked_first != kNever && !delivery.retransmitted) {
    rtt = now_ - delivery.acked_first;
  } else if (delivery.sacked_first != kNever) {
    rtt = now_ - delivery.sacked_first;
  } else if (verdict.advanced) {
    rtt = echoed_round_trip();
  }
  if (!rtt) return;
  const bool begins_round = c_.sender.una() >= c_.take_flight().round_end;
  if (begins_round) c_.take_flight().round_end = c_.sender.nxt();
  c_.rto.on_sample(*rtt, begins_round, now_);
}

/// Sets the timer for the data that is still outstanding after an acknowledgement.
void AckArrival::follow(const Recovery::Verdict& verdict) {
  constexpr Duration kLeast = std::chrono::milliseconds(10), kMargin = std::chrono::milliseconds(2);
  LossTimer& timer = c_.take_flight().loss_timer;
  if (c_.sender.una() >= c_.sender.nxt()) {
    timer.stop();
  } else if (verdict.reneged) {
    timer.arm(LossTimer::Kind::time_out, now_ + std::max(c_.rto.rtt().srtt() / 2, kLeast));
  } else if (verdict.wait > Duration::zero()) {
    timer.arm(LossTimer::Kind::reordering, now_ + verdict.wait + kMargin);
  } else if (verdict.advanced) {
    c_.arm_loss_timer(c_.limited_by_user(now_ + c_.rto.rto(), now_), now_);
  }
}

void AckArrival::on_progress(std::uint32_t acked_bytes) {
  c_.liveness.on_progress();
  c_.flight->silent_since = kNever;
  c_.take_flight().progress_at = now_;
  c_.soft_error = Error::none;
  c_.path_evidence = PathEvidence::works;
  c_.sender.small_segments().forget_more();
  c_.wake_writer();
  if (acked_bytes > 0 && c_.sender.everything_acked()) c_.raise(kEventFlushed);
}

}  // namespace leat
