// SpinTime: how long it pays to look for packets before going to sleep, learned from how long the last waits were.
// Whoever waits for an answer that comes within kMost finds it while looking; each longer wait halves the time, so that
// one loss does not end it and an idle process costs nothing.
#pragma once

#include <algorithm>

#include "leat/polling.h"
#include "leat/time.h"

namespace leat {

class SpinTime {
 public:
  static constexpr Duration kLeast = std::chrono::microseconds(25);  // what a wake-up costs
  static constexpr Duration kMost = std::chrono::microseconds(500);

  explicit SpinTime(Polling polling) : polling_(polling) {}

  /// How long to look; kForever: sleeping is not wanted at all.
  static constexpr Duration kForever = Duration::max();
  Duration get() const {
    if (polling_ == Polling::busy) return kForever;
    return polling_ == Polling::sleep ? Duration::zero() : time_;
  }
  /// Something came after `waited`, whether it was looked for or slept for.
  void on_waited(Duration waited) {
    if (waited <= time_) return;
    if (waited <= kMost) {
      time_ = std::min(kMost, std::max(2 * waited, kLeast));
    } else {
      time_ = time_ / 2 < kLeast ? Duration::zero() : time_ / 2;
    }
  }

 private:
  Polling polling_;
  Duration time_{};
};

}  // namespace leat
