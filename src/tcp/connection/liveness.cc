#include "tcp/connection/liveness.h"

#include <algorithm>

namespace leat {
namespace {

bool is_waited_out(const TcpSettings& settings, Instant since, Instant now) {
  return settings.user_timeout && now - since >= *settings.user_timeout;
}

// Linux turns a number of retries into a time, as if each had waited twice as long as the one before, from 200 ms up to
// the largest RTO.
Duration longest_silence(unsigned retries, Duration longest_rto) {
  Duration sum{}, step = Rto::kMinimum;
  for (unsigned i = 0; i <= retries; ++i) {
    sum += step;
    step = std::min(step * 2, longest_rto);
  }
  return sum;
}

}  // namespace

void Liveness::on_keep_alive_changed(const std::optional<KeepAlive>& before, const std::optional<KeepAlive>& after,
                                     Instant now) {
  if (!after) return stop();
  if (!before) {
    deadline_ = now + after->idle;
  } else if (before->idle != after->idle) {
    deadline_ = std::max(now, heard_at_ + after->idle);
  }
}

// A probe goes only when nothing is outstanding and nothing was heard for the interval.
Liveness::Step Liveness::on_keep_alive(const TcpSettings& settings, bool all_acked, Instant now) {
  const KeepAlive& keep_alive = *settings.keep_alive;
  if (!all_acked) {
    deadline_ = now + keep_alive.idle;  // the retransmission or the persist timer finds out
    return Step::wait;
  }
  if (now - heard_at_ < keep_alive.idle) {
    deadline_ = heard_at_ + keep_alive.idle;
    return Step::wait;
  }
  const bool silent =
      settings.user_timeout ? probes_ > 0 && is_waited_out(settings, heard_at_, now) : probes_ >= keep_alive.probes;
  if (silent) return Step::give_up;
  ++probes_;
  deadline_ = now + keep_alive.interval;
  return Step::probe;
}

Duration Liveness::persist_interval(const Rto& rto) const {
  Duration interval = rto.rto();
  for (int i = 0; i < persist_backoff_ && interval < rto.maximum(); ++i) interval *= 2;
  return std::min(interval, rto.maximum());
}

// A peer that answers may keep its window closed for ever; a silent peer is given up. An orphan waits only so long even
// for a peer that answers, or any peer could make it keep data that it never takes (Linux: tcp_probe_timer).
Liveness::Step Liveness::on_persist(const TcpSettings& settings, bool orphan, Instant since, const Rto& rto,
                                    Instant now) {
  const bool waited_in_vain =
      orphan && persist_backoff_ >= settings.orphan_retries && persist_interval(rto) >= rto.maximum();
  const bool silent =
      settings.user_timeout ? is_waited_out(settings, since, now) : probes_ >= retries(settings, orphan);
  if (silent || waited_in_vain) return Step::give_up;
  ++probes_;
  if (persist_backoff_ < 32) ++persist_backoff_;
  return Step::probe;
}

bool Liveness::gives_up_opening(const TcpSettings& settings, Instant now) const {
  return time_outs_ >= settings.syn_retries || is_waited_out(settings, opened_at_, now);
}

bool Liveness::gives_up(const TcpSettings& settings, bool orphan, Instant waits_since, Instant silent_since,
                        Duration longest_rto, Instant now) {
  if (settings.user_timeout) return is_waited_out(settings, waits_since, now);
  return now - silent_since >= longest_silence(retries(settings, orphan), longest_rto);
}

Instant Liveness::limited_by_user(const TcpSettings& settings, Instant deadline, Instant since, Instant now) {
  if (!settings.user_timeout) return deadline;
  const Instant limit = since + *settings.user_timeout;
  return limit > now ? std::min(deadline, limit) : deadline;
}

}  // namespace leat
