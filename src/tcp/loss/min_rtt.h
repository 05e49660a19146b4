// MinRtt: the least round trip of the last five minutes (RFC 8985 §6.2 step 1; Linux: tcp_min_rtt_wlen), so that a path
// which has become longer is believed after a while.
//
// It keeps the least of two spans that follow each other, which is enough to forget what is older than both.
#pragma once

#include <algorithm>

#include "leat/time.h"

namespace leat {

class MinRtt {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(300);

  bool empty() const { return least_ == Duration::max(); }
  /// Duration::max() before the first sample.
  Duration get() const { return std::min(least_, least_before_); }
  void on_sample(Duration rtt, Instant now) {
    constexpr Duration kSpan = kWindow / 2;
    if (empty()) begin_ = now;
    if (const auto spans = (now - begin_) / kSpan; spans > 0) {
      least_before_ = spans == 1 ? least_ : Duration::max();
      least_ = Duration::max();
      begin_ += spans * kSpan;
    }
    least_ = std::min(least_, rtt);
  }

 private:
  Instant begin_{};  ///< of the present span
  Duration least_ = Duration::max();
  Duration least_before_ = Duration::max();
};

}  // namespace leat
