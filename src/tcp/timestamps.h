// Timestamps: the timestamps option of one connection (RFC 7323 §3-5): our clock as the peer sees it, the peer's value
// that is echoed (TS.Recent), PAWS, and round trips measured by echoes.
//
// Called by TcpConnection, and by HalfOpen through timestamp_value().
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "leat/time.h"
#include "wire/tcp_options.h"

namespace leat {

/// Our clock: milliseconds, as in Linux, from a random offset, so that it does not reveal the uptime.
constexpr std::uint32_t timestamp_value(std::uint32_t offset, Instant now) {
  const auto ticks = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return static_cast<std::uint32_t>(ticks) + offset;
}

/// a - b of two timestamps, which wrap around.
constexpr std::int32_t timestamp_distance(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b); }

/// How many ticks `value` lies before `recent`; 0 when it does not. A `recent` of 0 lies before everything, because
/// some stacks send 0 in their SYN and start their clock later (as Linux).
constexpr std::uint32_t timestamp_age(std::uint32_t value, std::uint32_t recent) {
  return recent == 0 ? 0 : static_cast<std::uint32_t>(std::max(timestamp_distance(recent, value), 0));
}

class Timestamps {
  /// Units of 2^30 ns, a little more than a second: for ages of days, and computed by a shift.
  static constexpr std::uint32_t ages(Instant t) {
    return static_cast<std::uint32_t>(t.time_since_epoch().count() >> 30);
  }

 public:
  /// Bytes that the option takes in every segment, padding included (RFC 7323 §3.2, Appendix A).
  static constexpr std::uint16_t kOptionSize = 12;

  explicit Timestamps(std::uint32_t offset = 0) : offset_(offset) {}

  /// Both SYNs had the option; `value` is the peer's.
  void agree(std::uint32_t value, Instant now) {
    agreed_ = true;
    recent_ = value;
    recent_at_ = ages(now);
  }
  bool agreed() const { return agreed_; }
  std::uint32_t offset() const { return offset_; }
  std::optional<std::uint32_t> recent() const { return agreed_ ? std::optional(recent_) : std::nullopt; }

  TcpTimestamps stamp(Instant now) const { return {timestamp_value(offset_, now), agreed_ ? recent_ : 0}; }

  /// PAWS (RFC 7323 §5.3): how many ticks `value` lies before TS.Recent; 0 when it is acceptable. A TS.Recent that is
  /// older than 24 days is not compared (§5.5).
  std::uint32_t age(std::uint32_t value, Instant now) const {
    constexpr auto kOutdated = static_cast<std::int32_t>(ages(Instant(std::chrono::hours(24 * 24))));
    if (!agreed_ || static_cast<std::int32_t>(ages(now) - recent_at_) >= kOutdated) return 0;
    return timestamp_age(value, recent_);
  }
  /// Takes the value of an acceptable segment that begins at or before what was last acknowledged (§4.3).
  void on_in_order(std::uint32_t value, Instant now) {
    if (age(value, now) > 0) return;
    recent_ = value;
    recent_at_ = ages(now);
  }
  /// When the segment was sent that `echo` comes from, in whole ticks. Empty when no segment since `since` had the
  /// value.
  std::optional<Instant> echoed_at(std::uint32_t echo, Instant since, Instant now) const {
    const std::int32_t ticks = timestamp_distance(timestamp_value(offset_, now), echo);
    // For a connection older than half a turn of the clock, every value of the last half turn is possible.
    using Ticks = std::chrono::milliseconds;
    const Ticks most =
        std::chrono::floor<Ticks>(now.time_since_epoch()) - std::chrono::floor<Ticks>(since.time_since_epoch());
    if (ticks < 0 || Ticks(ticks) > most) return std::nullopt;
    return std::chrono::floor<Ticks>(now) - Ticks(ticks);
  }
  /// The round trip that `echo` measures, at least a tick.
  std::optional<Duration> round_trip(std::uint32_t echo, Instant since, Instant now) const {
    const std::optional<Instant> left = echoed_at(echo, since, now);
    if (!left) return std::nullopt;
    constexpr Duration kTick = std::chrono::milliseconds(1);
    return std::max<Duration>(std::chrono::floor<std::chrono::milliseconds>(now) - *left, kTick);
  }

 private:
  std::uint32_t recent_at_ = 0;  ///< in ages(): days matter
  std::uint32_t offset_;
  std::uint32_t recent_ = 0;
  bool agreed_ = false;
};

}  // namespace leat
