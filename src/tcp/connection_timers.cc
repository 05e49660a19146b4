// Deadlines: retransmission (RFC 6298), persist (RFC 9293 §3.8.6.1), delayed ACK, FIN-WAIT-2.
#include <algorithm>

#include "tcp/connection.h"

namespace leat {

Instant TcpConnection::next_deadline() const {
  return std::min({retransmission_deadline_, persist_deadline_, linger_deadline_, acks_.deadline()});
}

TimerVerdict TcpConnection::on_timer(Instant now) {
  TimerVerdict verdict;
  verdict.delayed_ack = acks_.on_timer(now);
  if (now >= retransmission_deadline_) on_retransmission_timeout(now, verdict);
  if (now >= persist_deadline_) on_persist_timeout(now, verdict);
  if (now >= linger_deadline_) finish(Error::none);
  return verdict;
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
    if (time_outs_ >= syn_retries_) {
      verdict.gave_up = true;
      finish(Error::timed_out);
      return;
    }
    syn_due_ = true;
  } else {
    if (sender_.una() >= sender_.nxt()) return;
    if (silent_since_ == kNever) silent_since_ = now;
    if (now - silent_since_ >= longest_silence(retries())) {
      verdict.gave_up = true;
      abort(Error::timed_out);
      return;
    }
    // FlightSize, RFC 5681 §2: what duplicate ACKs said has left the network is part of it.
    congestion_->on_timeout(static_cast<std::uint32_t>(sender_.nxt() - sender_.una()), now);
    recovery_.on_timeout(sender_.una(), sender_.nxt());
    retransmit_now_ = true;
  }
  verdict.retransmission_timeout = true;
  ++counts_.rto_count;
  if (time_outs_ < 255) ++time_outs_;
  rto_.back_off();
  retransmission_deadline_ = now + rto_.rto();
}

Duration TcpConnection::persist_interval() const {
  Duration interval = rto_.rto();
  for (int i = 0; i < persist_backoff_ && interval < rto_.maximum(); ++i) interval *= 2;
  return std::min(interval, rto_.maximum());
}

void TcpConnection::update_persist(Instant now) {
  if (!can_send(state_) || !sender_.is_blocked_by_window()) {
    persist_deadline_ = kNever;
    persist_backoff_ = 0;
    return;
  }
  if (persist_deadline_ == kNever) persist_deadline_ = now + persist_interval();
}

void TcpConnection::on_persist_timeout(Instant now, TimerVerdict& verdict) {
  persist_deadline_ = kNever;
  if (!sender_.is_blocked_by_window()) return;
  if (sender_.usable_window() > 0) {
    override_window_ = true;
    return;
  }
  // A peer that answers may keep its window closed for ever (RFC 9293 §3.8.6.1); a silent one is given up. Without a
  // user there is an end to it, or any peer could make us keep what it never takes (Linux: tcp_probe_timer).
  const bool waited_in_vain = user_gone_ && persist_backoff_ >= kOrphanRetries && persist_interval() >= rto_.maximum();
  if (probes_ >= retries() || waited_in_vain) {
    verdict.gave_up = true;
    abort(Error::timed_out);
    return;
  }
  ++probes_;
  probe_due_ = true;
  verdict.window_probe = true;
  if (persist_backoff_ < 32) ++persist_backoff_;
  persist_deadline_ = now + persist_interval();
}

}  // namespace leat
