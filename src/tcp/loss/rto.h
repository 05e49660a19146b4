// The retransmission time-out of RFC 6298. RttEstimator smooths the samples, and Rto turns them into a time-out and
// backs off. The connection passes valid samples only (Karn's algorithm, or timestamps), and asks rto() when it arms
// the timer.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/time.h"
#include "tcp/loss/min_rtt.h"

namespace leat {

/// SRTT and RTTVAR by RFC 6298 §2, with one measurement per acknowledgement.
class RttEstimator {
 public:
  /// Takes one measurement; a negative one is ignored. `begins_round`: the first of a round trip. RTTVAR falls only
  /// once a round trip, to the largest deviation in it, so that a window's worth of samples does not erase the history
  /// (RFC 7323 §4.2; Linux does it like this).
  void on_sample(Duration rtt, bool begins_round = true, Instant now = {});

  bool has_sample() const { return !min_rtt_.empty(); }
  Duration srtt() const { return srtt_; }      ///< zero before the first sample
  Duration rttvar() const { return rttvar_; }  ///< zero before the first sample
  /// The smallest recent sample.
  std::optional<Duration> min_rtt() const { return has_sample() ? std::optional(min_rtt_.get()) : std::nullopt; }

 private:
  ShortDuration srtt_;
  ShortDuration rttvar_;
  ShortDuration deviation_;      ///< smoothed
  ShortDuration most_in_round_;  ///< the largest of it since the round trip began
  MinRtt min_rtt_;
};

class Rto {
 public:
  static constexpr Duration kInitial = std::chrono::seconds(1);   ///< RFC 6298 §2.1
  static constexpr Duration kFallback = std::chrono::seconds(3);  ///< RFC 6298 §5.7
  static constexpr Duration kMinimum = std::chrono::milliseconds(200);
  static constexpr Duration kDefaultMaximum = std::chrono::seconds(120);
  static constexpr auto kLongest = std::chrono::hours(24 * 24);

  /// `maximum` > 0 caps rto(), backed off or not (RFC 6298 §2.5 asks for at least 60 s).
  /// It is kept in whole milliseconds, and up to kLongest.
  explicit Rto(Duration maximum = kDefaultMaximum);

  /// A valid sample also ends the back-off (RFC 6298 §5, Karn).
  void on_sample(Duration rtt, bool begins_round = true, Instant now = {});
  /// The timer expired (§5.5): doubles rto(), up to the maximum.
  void back_off();
  /// The handshake is over. When a SYN was sent again and nothing could be measured, data starts with 3 s (§5.7).
  /// DEVIATION: with a sample (timestamps tell which SYN was answered) the measured value stays, as Linux has it.
  void on_established(bool syn_timed_out);

  Duration rto() const;
  Duration maximum() const { return maximum_; }
  /// Time-outs since the last valid sample.
  std::uint32_t backoff() const { return backoff_; }
  const RttEstimator& rtt() const { return rtt_; }

 private:
  Duration base() const;

  RttEstimator rtt_;
  std::chrono::duration<std::uint32_t, std::milli> maximum_;
  std::uint8_t backoff_ = 0;
  bool fallback_ = false;
};

}  // namespace leat
