// Deadlines: retransmission (RFC 6298), persist (RFC 9293 §3.8.6.1), keep-alive (§3.8.4), user time-out (§3.8.3),
// delayed ACK, FIN-WAIT-2.
#include <algorithm>

#include "tcp/connection.h"

namespace leat {

Instant TcpConnection::next_deadline() const {
  const Instant at_rest = std::min(keep_alive_deadline_, acks_.deadline());
  return flight_ ? std::min({flight_->loss_timer.deadline, flight_->persist_deadline, at_rest}) : at_rest;
}

TimerVerdict TcpConnection::on_timer(Instant now) {
  TimerVerdict verdict;
  verdict.delayed_ack = acks_.on_timer(now);
  if (flight_ && now >= flight_->loss_timer.deadline) on_loss_timer(now, verdict);
  if (flight_ && now >= flight_->persist_deadline) on_persist_timeout(now, verdict);
  if (now >= keep_alive_deadline_) {
    lingers() ? finish(Error::none) : on_keep_alive_timeout(now, verdict);
  }
  return verdict;
}

/// Nobody answers any more: the end, without a RST, as nobody would hear it (Linux: tcp_write_err).
void TcpConnection::give_up(TimerVerdict& verdict) {
  verdict.gave_up = true;
  finish(soft_error_ != Error::none ? soft_error_ : Error::timed_out);
}

bool TcpConnection::is_waited_out(Instant since, Instant now) const {
  return options_->user_timeout && now - since >= *options_->user_timeout;
}

// Not later than the user's own limit, so that giving up is punctual.
Instant TcpConnection::limited_by_user(Instant deadline, Instant now) const {
  if (!options_->user_timeout) return deadline;
  const Instant limit =
      (is_synchronized(state_) && flight_ ? flight_->progress_at : opened_at_) + *options_->user_timeout;
  return limit > now ? std::min(deadline, limit) : deadline;
}

void TcpConnection::arm_retransmission(Instant now) {
  flight().loss_timer.arm(LossTimer::Kind::time_out, limited_by_user(now + rto_.rto(), now));
}

/// When the retransmission time-out of the oldest outstanding segment is over.
Instant TcpConnection::oldest_times_out(Instant now) const {
  constexpr Duration kLeast = std::chrono::milliseconds(1);
  const Instant due = flight_->recovery.scoreboard().first_sent_at() + rto_.rto();
  return limited_by_user(std::max(due, now + kLeast), now);
}

/// Waits until `time_out`, or for a tail probe where that comes first (RFC 8985 §7.2).
void TcpConnection::arm_loss_timer(Instant time_out, Instant now) {
  flight().loss_timer.arm(LossTimer::Kind::time_out, time_out);
  if (!options_->tail_loss_probe || !flight().recovery.may_probe()) return;
  const bool alone = flight().recovery.one_segment_outstanding(sender_.mss());
  const Instant probe = now + TailProbe::timeout(rto_.rtt().srtt(), alone, Rto::kMinimum);
  flight().loss_timer.arm(LossTimer::Kind::tail_probe, std::min(probe, time_out));
}

void TcpConnection::on_loss_timer(Instant now, TimerVerdict& verdict) {
  switch (flight().loss_timer.kind) {
    case LossTimer::Kind::time_out: return on_retransmission_timeout(now, verdict);
    case LossTimer::Kind::reordering: return on_reordering_timeout(now, verdict);
    case LossTimer::Kind::tail_probe: break;
  }
  flight().loss_timer.arm(LossTimer::Kind::time_out, oldest_times_out(now));
  if (flight().recovery.probe_outstanding()) return;
  tail_probe_due_ = verdict.tail_probe = true;
}

void TcpConnection::on_reordering_timeout(Instant now, TimerVerdict& verdict) {
  flight().loss_timer.arm(LossTimer::Kind::time_out, oldest_times_out(now));
  const Recovery::Verdict loss = flight().recovery.on_waited(path(), now);
  verdict.losses = loss.events;
  react(loss, loss.began ? sender_.path_mss() : 0);
  if (loss.wait > Duration::zero()) flight().loss_timer.arm(LossTimer::Kind::reordering, now + loss.wait);
}

// Linux turns a number of retries into a time: as if each had waited twice as long as the one before,
// from 200 ms up to the largest RTO.
Duration TcpConnection::longest_silence(unsigned retries) const {
  Duration sum{}, step = Rto::kMinimum;
  for (unsigned i = 0; i <= retries; ++i) {
    sum += step;
    step = std::min(step * 2, rto_.maximum());
  }
  return sum;
}

void TcpConnection::on_retransmission_timeout(Instant now, TimerVerdict& verdict) {
  flight().loss_timer.stop();
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) {
    if (time_outs_ >= options_->syn_retries || is_waited_out(opened_at_, now)) return give_up(verdict);
    syn_due_ = true;
  } else {
    if (sender_.una() >= sender_.nxt()) return;
    if (flight().silent_since == kNever) flight().silent_since = now;
    const bool waited_out = options_->user_timeout ? is_waited_out(flight().progress_at, now)
                                                   : now - flight().silent_since >= longest_silence(retries());
    if (waited_out) return give_up(verdict);
    const Recovery::Verdict loss = flight().recovery.on_timeout(time_outs_, path(), now);
    verdict.losses = loss.events;
    react(loss, 0);
    new_data_first_ = false;
    flight().budget.retransmit_now();
  }
  verdict.retransmission_timeout = true;
  path_evidence_ = PathEvidence::silent;
  ++counts_.troubles().rto_count;
  if (time_outs_ < 255) ++time_outs_;
  rto_.back_off();
  arm_retransmission(now);
}

// RFC 1191 §6.5: what is under way in segments that do not pass goes again in smaller ones; that is no congestion.
void TcpConnection::on_smaller_path(std::uint16_t mss_limit, Instant now) {
  // Nobody's path is as small as what a forged report could ask for (RFC 5927 §7.2; Linux: min_pmtu of 552).
  constexpr std::uint16_t kLeast = 512;
  const std::uint16_t mss = std::max(mss_limit, kLeast);
  if (mss >= send_mss_limit_) return;
  send_mss_limit_ = mss;
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) return;
  const std::uint32_t before = sender_.path_mss();
  sender_.lower_mss(payload_of(mss));
  if (sender_.path_mss() >= before) return;
  congestion_->on_mss_change(sender_.path_mss());
  if (flight_) flight_->recovery.set_mss(sender_.path_mss());
  if (sender_.una() >= sender_.nxt()) return;
  flight().recovery.on_smaller_path();
  flight().budget.end_reduction();
  arm_retransmission(now);
}

Duration TcpConnection::persist_interval() const {
  Duration interval = rto_.rto();
  for (int i = 0; i < persist_backoff_ && interval < rto_.maximum(); ++i) interval *= 2;
  return std::min(interval, rto_.maximum());
}

void TcpConnection::update_persist(Instant now) {
  if (!can_send(state_) || !(sender_.is_blocked_by_window() || sender_.is_corked())) {
    if (flight_) flight_->persist_deadline = kNever;
    persist_backoff_ = 0;
    return;
  }
  Flight& f = flight();
  if (f.persist_deadline != kNever) return;
  if (persist_backoff_ == 0) f.persist_since = now;
  f.persist_deadline = now + persist_interval();
}

void TcpConnection::on_persist_timeout(Instant now, TimerVerdict& verdict) {
  flight().persist_deadline = kNever;
  if (!sender_.is_blocked_by_window() && !sender_.is_corked()) return;
  if (sender_.usable_window() > 0) {
    flight()
        .budget.override_window();  // of the cork too: longer than this it holds nothing (as Linux, by the same timer)
    return;
  }
  // A peer that answers may keep its window closed for ever (RFC 9293 §3.8.6.1); a silent one is given up. Without a
  // user there is an end to it, or any peer could make us keep what it never takes (Linux: tcp_probe_timer).
  const bool waited_in_vain =
      user_gone_ && persist_backoff_ >= options_->orphan_retries && persist_interval() >= rto_.maximum();
  const bool silent = options_->user_timeout ? is_waited_out(flight().persist_since, now) : probes_ >= retries();
  if (silent || waited_in_vain) return give_up(verdict);
  if (probes_ > 0) path_evidence_ = PathEvidence::silent;
  ++probes_;
  probe_due_ = true;
  urgent_probe_due_ = sender_.urgent_end() > sender_.una() && sender_.urgent_end() - sender_.una() <= 0xffff;
  verdict.window_probe = true;
  if (persist_backoff_ < 32) ++persist_backoff_;
  arm_persist(now);
}

void TcpConnection::arm_persist(Instant now) {
  Flight& f = flight();
  f.persist_deadline = now + persist_interval();
  if (options_->user_timeout) {
    f.persist_deadline = std::min(f.persist_deadline, std::max(now, f.persist_since + *options_->user_timeout));
  }
}

// Only when nothing is outstanding and nothing was heard for the interval (RFC 9293 §3.8.4).
void TcpConnection::on_keep_alive_timeout(Instant now, TimerVerdict& verdict) {
  const KeepAlive& settings = *options_->keep_alive;
  if (!sender_.everything_acked()) {
    keep_alive_deadline_ = now + settings.idle;  // retransmission or the persist timer looks after it
    return;
  }
  if (now - heard_at_ < settings.idle) {
    keep_alive_deadline_ = heard_at_ + settings.idle;
    return;
  }
  const bool silent =
      options_->user_timeout ? probes_ > 0 && is_waited_out(heard_at_, now) : probes_ >= settings.probes;
  if (silent) {
    verdict.gave_up = true;
    abort(Error::timed_out);
    return;
  }
  if (probes_ > 0) path_evidence_ = PathEvidence::silent;
  ++probes_;
  probe_due_ = true;
  verdict.keep_alive = true;
  keep_alive_deadline_ = now + settings.interval;
}

}  // namespace leat
