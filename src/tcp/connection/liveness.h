// Liveness: whether the peer is still there. It knows when the peer was last heard and how often it has not answered,
// and decides when to probe it and when to give it up: keep-alive (RFC 9293 §3.8.4), probes of a closed window
// (§3.8.6.1), the user time-out (§3.8.3), the limits of retransmission, and the wait in FIN-WAIT-2.
//
// It sends nothing and arms no timer but its own deadline: the connection does what a Step says.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/tcp_settings.h"
#include "leat/time.h"
#include "tcp/loss/rto.h"

namespace leat {

class Liveness {
 public:
  enum class Step : std::uint8_t { wait, probe, give_up };

  void open(Instant now) { opened_at_ = now; }
  Instant opened_at() const { return opened_at_; }
  /// A valid ACK has arrived.
  void on_heard(Instant now) {
    heard_at_ = now;
    probes_ = 0;
  }
  Instant heard_at() const { return heard_at_; }
  /// Probes in a row, of a window or to keep alive, that the peer has not answered.
  std::uint8_t probes() const { return probes_; }

  // One timer serves keep-alive and, after close(), the wait in FIN-WAIT-2: a closed connection keeps nothing alive.
  Instant deadline() const { return deadline_; }
  void stop() { deadline_ = kNever; }
  void linger(Duration time, Instant now) { deadline_ = now + time; }
  void keep_alive(const std::optional<KeepAlive>& settings, Instant now) {
    if (settings) deadline_ = now + settings->idle;
  }
  void on_keep_alive_changed(const std::optional<KeepAlive>& before, const std::optional<KeepAlive>& after,
                             Instant now);
  /// The keep-alive deadline has come. `settings.keep_alive` is set. It sets the next deadline.
  Step on_keep_alive(const TcpSettings& settings, bool all_acked, Instant now);

  // The peer's window holds data back.
  Duration persist_interval(const Rto& rto) const;
  bool has_persisted() const { return persist_backoff_ > 0; }
  void end_persisting() { persist_backoff_ = 0; }
  /// The persist deadline has come; the window is closed since `since`.
  Step on_persist(const TcpSettings& settings, bool orphan, Instant since, const Rto& rto, Instant now);

  // Retransmission. Time-outs count in a row.
  std::uint8_t time_outs() const { return time_outs_; }
  void begin_with(std::uint8_t time_outs) { time_outs_ = time_outs; }
  void on_time_out() {
    if (time_outs_ < 255) ++time_outs_;
  }
  void on_progress() { time_outs_ = 0; }
  /// True when the SYN is to be sent no more.
  bool gives_up_opening(const TcpSettings& settings, Instant now) const;
  /// True when data is to be retransmitted no more. It waits since `waits_since`; the first time-out in a row was at
  /// `silent_since`.
  static bool gives_up(const TcpSettings& settings, bool orphan, Instant waits_since, Instant silent_since,
                       Duration longest_rto, Instant now);

  static unsigned retries(const TcpSettings& settings, bool orphan) {
    return orphan ? settings.orphan_retries : settings.retries;
  }
  /// `deadline`, or the end of the user time-out that began at `since` where it comes first: giving up is punctual.
  static Instant limited_by_user(const TcpSettings& settings, Instant deadline, Instant since, Instant now);

 private:
  Instant deadline_ = kNever;
  Instant opened_at_{};
  Instant heard_at_{};
  std::uint8_t time_outs_ = 0;
  std::uint8_t probes_ = 0;
  std::uint8_t persist_backoff_ = 0;
};

}  // namespace leat
