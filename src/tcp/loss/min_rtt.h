// MinRtt: the least round trip of the last five minutes (RFC 8985 §6.2 step 1; Linux: tcp_min_rtt_wlen), so that a
// longer path is accepted after a while.
//
// It keeps the minimum of two successive spans. Samples older than both are forgotten.
#pragma once

#include <algorithm>

#include "leat/time.h"
#include "tcp/loss/short_duration.h"

namespace leat {

class MinRtt {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(300);

  bool empty() const { return least_ == kNone; }
  /// Call it only if not empty().
  Duration get() const { return std::min<Duration>(least_, least_before_); }
  void on_sample(Duration rtt, Instant now) {
    using std::chrono::milliseconds;
    constexpr auto kSpan = std::chrono::duration_cast<std::chrono::duration<Millis, std::milli>>(kWindow / 2).count();
    const auto at = static_cast<Millis>(std::chrono::floor<milliseconds>(now.time_since_epoch()).count());
    if (empty()) begin_ = at;
    if (const Millis spans = (at - begin_) / kSpan; spans > 0) {
      least_before_ = spans == 1 ? least_ : kNone;
      least_ = kNone;
      begin_ += spans * kSpan;
    }
    least_ = std::min<Duration>({least_, rtt, kMost});
  }

 private:
  using Millis = std::uint32_t;  ///< of a clock that wraps around every seven weeks
  static constexpr ShortDuration kNone = ShortDuration::max();
  static constexpr Duration kMost = Duration(kNone) - std::chrono::microseconds(1);

  Millis begin_ = 0;  ///< of the present span
  ShortDuration least_ = kNone;
  ShortDuration least_before_ = kNone;
};

}  // namespace leat
