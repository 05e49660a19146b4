// CongestionController: decides how many bytes may be in flight, and optionally how fast they leave.
//
// It knows no clock, no connection and no segment: the connection tells it one AckSample per ACK and the few events
// below, and asks cwnd() before it sends. Implementations are chosen by name (registry.h). All sizes are bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "leat/time.h"
#include "tcp/stream_pos.h"

namespace leat {

struct AckSample {
  std::uint32_t acked_bytes = 0;  ///< newly delivered by this ACK, cumulatively or selectively
  std::uint32_t in_flight = 0;    ///< the most since the round trip began, before this ACK
  /// RTT of the data that was sent last among the data that this ACK delivers and that was never retransmitted.
  std::optional<Duration> rtt{};
  Duration srtt{};
  StreamPos una = 0, nxt = 0;  ///< after this ACK
  Instant now{};
  bool in_recovery = false;  ///< in fast recovery; false while recovering from a time-out
  /// Since cwnd was last full the sender ran out of data or of receive window. cwnd did not limit it, so cwnd was not
  /// tested and must not grow (RFC 7661 §4.3).
  bool app_limited = false;
};

struct TimeOut {
  std::uint32_t flight_size = 0;  ///< sent and not acknowledged, whether lost or not
  std::uint32_t in_flight = 0;    ///< the part that was sent too recently to be judged lost
  bool first = true;  ///< since the data outstanding at the last reduction was acknowledged (RFC 5681 §3.1)
  StreamPos nxt = 0;
  Instant now{};
};

struct Pause {
  Duration since_sent{};  ///< since the last segment was sent
  Duration rto{};
  Instant now{};
  bool keeps_window = false;  ///< the pause must not shrink the window
};

class CongestionController {
 public:
  static constexpr std::uint32_t kNoThreshold = std::numeric_limits<std::uint32_t>::max();
  /// The largest window that window scaling can express (RFC 7323 §2.3), rounded up.
  static constexpr std::uint32_t kLargestWindow = std::uint32_t{1} << 30;

  CongestionController() = default;
  CongestionController(const CongestionController&) = delete;
  CongestionController& operator=(const CongestionController&) = delete;
  virtual ~CongestionController() = default;

  virtual std::string_view name() const = 0;  ///< static storage

  /// Called for every ACK of new data, in recovery, too.
  virtual void on_ack(const AckSample& sample) = 0;
  /// A duplicate ACK has arrived (RFC 5681 §2).
  virtual void on_duplicate_ack(Instant now) { static_cast<void>(now); }
  /// Fast recovery begins. `flight_size` (RFC 5681 §2) includes lost data.
  virtual void on_loss_detected(std::uint32_t flight_size, Instant now) = 0;
  /// All data that was outstanding when recovery began is acknowledged.
  virtual void on_recovery_exit(Instant now) = 0;
  /// The retransmission timer has expired. On a dead path this repeats without on_ack in between.
  virtual void on_timeout(const TimeOut& time_out) = 0;
  /// The last reduction was a mistake (RFC 4015 §3.2). The arguments are the values from before it.
  virtual void on_undo(std::uint32_t cwnd, std::uint32_t ssthresh) = 0;
  /// New data is about to be sent while nothing is in flight, perhaps after an idle time (RFC 5681 §4.1).
  virtual void on_flight_begins(const Pause& pause) = 0;
  /// The effective MSS changed (path MTU).
  virtual void on_mss_change(std::uint32_t mss) = 0;

  virtual std::uint32_t cwnd() const = 0;      ///< at least 1 MSS
  virtual std::uint32_t ssthresh() const = 0;  ///< kNoThreshold before the first loss
  /// In fast recovery ssthresh() governs sending (RFC 6937), not cwnd().
  virtual bool reduces_proportionally() const { return true; }
  /// Bytes per second. Empty: send as fast as cwnd allows.
  virtual std::optional<std::uint64_t> pacing_rate() const { return std::nullopt; }
};

struct ControllerConfig {
  std::uint32_t mss = 536;  ///< payload bytes of a full segment, > 0
  std::uint32_t cwnd_clamp = CongestionController::kLargestWindow;
  std::uint32_t initial_cwnd = 0;                                       ///< bytes; 0: RFC 6928's
  std::uint32_t initial_ssthresh = CongestionController::kNoThreshold;  ///< of the controller that it replaces
};

/// The initial window of RFC 6928 §2.
constexpr std::uint32_t initial_window(std::uint32_t mss) {
  return std::min(10 * mss, std::max(2 * mss, std::uint32_t{14600}));
}

}  // namespace leat
