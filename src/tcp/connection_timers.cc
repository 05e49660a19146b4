// Deadlines: retransmission (RFC 6298), persist (RFC 9293 §3.8.6.1), keep-alive (§3.8.4), user time-out (§3.8.3),
// delayed ACK, FIN-WAIT-2.
#include <algorithm>

#include "tcp/connection.h"

namespace leat {

Instant TcpConnection::next_deadline() const {
  return std::min(
      {retransmission_deadline_, persist_deadline_, keep_alive_deadline_, linger_deadline_, acks_.deadline()});
}

TimerVerdict TcpConnection::on_timer(Instant now) {
  TimerVerdict verdict;
  verdict.delayed_ack = acks_.on_timer(now);
  if (now >= retransmission_deadline_) on_retransmission_timeout(now, verdict);
  if (now >= persist_deadline_) on_persist_timeout(now, verdict);
  if (now >= keep_alive_deadline_) on_keep_alive_timeout(now, verdict);
  if (now >= linger_deadline_) finish(Error::none);
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
void TcpConnection::arm_retransmission(Instant now) {
  retransmission_deadline_ = now + rto_.rto();
  if (!options_->user_timeout) return;
  const Instant limit = (is_synchronized(state_) ? progress_at_ : opened_at_) + *options_->user_timeout;
  if (limit > now) retransmission_deadline_ = std::min(retransmission_deadline_, limit);
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
  retransmission_deadline_ = kNever;
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) {
    if (time_outs_ >= options_->syn_retries || is_waited_out(opened_at_, now)) return give_up(verdict);
    syn_due_ = true;
  } else {
    if (sender_.una() >= sender_.nxt()) return;
    if (silent_since_ == kNever) silent_since_ = now;
    const bool waited_out =
        options_->user_timeout ? is_waited_out(progress_at_, now) : now - silent_since_ >= longest_silence(retries());
    if (waited_out) return give_up(verdict);
    // FlightSize, RFC 5681 §2: what duplicate ACKs said has left the network is part of it.
    congestion_->on_timeout(static_cast<std::uint32_t>(sender_.nxt() - sender_.una()), now);
    recovery_.on_timeout(sender_.una(), sender_.nxt());
    retransmit_now_ = true;
  }
  verdict.retransmission_timeout = true;
  ++counts_.rto_count;
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
  const std::uint16_t payload = payload_of(mss);
  if (payload >= sender_.mss() || state_ == TcpState::syn_sent || state_ == TcpState::syn_received) return;
  sender_.set_mss(payload);
  congestion_->on_mss_change(payload);
  if (sender_.una() >= sender_.nxt()) return;
  recovery_.on_timeout(sender_.una(), sender_.nxt());
  retransmit_now_ = true;
  arm_retransmission(now);
}

Duration TcpConnection::persist_interval() const {
  Duration interval = rto_.rto();
  for (int i = 0; i < persist_backoff_ && interval < rto_.maximum(); ++i) interval *= 2;
  return std::min(interval, rto_.maximum());
}

void TcpConnection::update_persist(Instant now) {
  if (!can_send(state_) || !(sender_.is_blocked_by_window() || sender_.is_corked())) {
    persist_deadline_ = kNever;
    persist_backoff_ = 0;
    return;
  }
  if (persist_deadline_ != kNever) return;
  if (persist_backoff_ == 0) persist_since_ = now;
  persist_deadline_ = now + persist_interval();
}

void TcpConnection::on_persist_timeout(Instant now, TimerVerdict& verdict) {
  persist_deadline_ = kNever;
  if (!sender_.is_blocked_by_window() && !sender_.is_corked()) return;
  if (sender_.usable_window() > 0) {
    override_window_ = true;  // of the cork too: longer than this it holds nothing (as Linux, by the same timer)
    return;
  }
  // A peer that answers may keep its window closed for ever (RFC 9293 §3.8.6.1); a silent one is given up. Without a
  // user there is an end to it, or any peer could make us keep what it never takes (Linux: tcp_probe_timer).
  const bool waited_in_vain =
      user_gone_ && persist_backoff_ >= options_->orphan_retries && persist_interval() >= rto_.maximum();
  const bool silent = options_->user_timeout ? is_waited_out(persist_since_, now) : probes_ >= retries();
  if (silent || waited_in_vain) return give_up(verdict);
  ++probes_;
  probe_due_ = true;
  verdict.window_probe = true;
  if (persist_backoff_ < 32) ++persist_backoff_;
  persist_deadline_ = now + persist_interval();
  if (options_->user_timeout) {
    persist_deadline_ = std::min(persist_deadline_, std::max(now, persist_since_ + *options_->user_timeout));
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
  ++probes_;
  probe_due_ = true;
  verdict.keep_alive = true;
  keep_alive_deadline_ = now + settings.interval;
}

}  // namespace leat
