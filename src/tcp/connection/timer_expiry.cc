#include "tcp/connection/timer_expiry.h"

#include <algorithm>

namespace leat {

TimerVerdict TimerExpiry::process() {
  verdict_.delayed_ack = c_.acks.on_timer(now_);
  if (c_.flight && now_ >= c_.flight->loss_timer.deadline) on_loss_timer();
  if (c_.flight && now_ >= c_.flight->persist_deadline) on_persist_timeout();
  if (now_ >= c_.liveness.deadline()) {
    c_.lingers() ? c_.finish(Error::none) : on_keep_alive_timeout();
  }
  return verdict_;
}

/// The peer does not answer any more. A RST would not reach it, so none is sent (Linux: tcp_write_err).
void TimerExpiry::give_up() {
  verdict_.gave_up = true;
  c_.finish(c_.soft_error != Error::none ? c_.soft_error : Error::timed_out);
}

void TimerExpiry::on_loss_timer() {
  switch (c_.flight->loss_timer.kind) {
    case LossTimer::Kind::time_out: return on_retransmission_timeout();
    case LossTimer::Kind::reordering: return on_reordering_timeout();
    case LossTimer::Kind::tail_probe: break;
  }
  c_.flight->loss_timer.arm(LossTimer::Kind::time_out, c_.oldest_times_out(now_));
  if (c_.flight->recovery.probe_outstanding()) return;
  c_.tail_probe_due = verdict_.tail_probe = true;
}

void TimerExpiry::on_reordering_timeout() {
  c_.flight->loss_timer.arm(LossTimer::Kind::time_out, c_.oldest_times_out(now_));
  const Recovery::Verdict loss = c_.flight->recovery.on_waited(c_.path(), now_);
  verdict_.losses = loss.events;
  c_.react(loss, loss.began ? c_.sender.path_mss() : 0);
  if (loss.wait > Duration::zero()) c_.flight->loss_timer.arm(LossTimer::Kind::reordering, now_ + loss.wait);
}

void TimerExpiry::on_retransmission_timeout() {
  c_.flight->loss_timer.stop();
  if (c_.state == TcpState::syn_sent || c_.state == TcpState::syn_received) {
    if (c_.liveness.gives_up_opening(*c_.settings, now_)) return give_up();
    c_.syn_due = true;
  } else {
    if (c_.sender.una() >= c_.sender.nxt()) return;
    if (c_.flight->silent_since == kNever) c_.flight->silent_since = now_;
    const Flight& f = *c_.flight;
    if (Liveness::gives_up(*c_.settings, c_.user_gone, f.progress_at, f.silent_since, c_.rto.maximum(), now_)) {
      return give_up();
    }
    const Recovery::Verdict loss = c_.flight->recovery.on_timeout(c_.liveness.time_outs(), c_.path(), now_);
    verdict_.losses = loss.events;
    c_.react(loss, 0);
    c_.new_data_first = false;
    c_.flight->budget.retransmit_now();
  }
  verdict_.retransmission_timeout = true;
  c_.path_evidence = PathEvidence::silent;
  ++c_.counts.troubles().rto_count;
  c_.liveness.on_time_out();
  c_.rto.back_off();
  c_.arm_retransmission(now_);
}

void TimerExpiry::on_persist_timeout() {
  c_.flight->persist_deadline = kNever;
  if (!c_.sender.is_blocked_by_window() && !c_.sender.is_corked()) return;
  if (c_.sender.usable_window() > 0) {
    c_.flight->budget.override_window();  // this timer ends a cork, too (as Linux)
    return;
  }
  const Instant since = c_.flight->persist_since;
  if (c_.liveness.on_persist(*c_.settings, c_.user_gone, since, c_.rto, now_) == Liveness::Step::give_up) {
    return give_up();
  }
  if (c_.liveness.probes() > 1) c_.path_evidence = PathEvidence::silent;
  c_.probe_due = true;
  c_.urgent_probe_due = c_.sender.urgent_end() > c_.sender.una() && c_.sender.urgent_end() - c_.sender.una() <= 0xffff;
  verdict_.window_probe = true;
  c_.arm_persist(now_);
}

void TimerExpiry::on_keep_alive_timeout() {
  switch (c_.liveness.on_keep_alive(*c_.settings, c_.sender.everything_acked(), now_)) {
    case Liveness::Step::wait: return;
    case Liveness::Step::give_up: verdict_.gave_up = true; return c_.abort(Error::timed_out);
    case Liveness::Step::probe:
      if (c_.liveness.probes() > 1) c_.path_evidence = PathEvidence::silent;
      c_.probe_due = verdict_.keep_alive = true;
      return;
  }
}

}  // namespace leat
