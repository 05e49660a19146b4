// SpinTime: how long it pays to look for packets before going to sleep, learned from how long the last waits were.
// Whoever waits for an answer that comes within kMost finds it while looking; whoever waits for longer stops looking at
// once, so that an idle process costs nothing.
#pragma once

#include <algorithm>

#include "leat/polling.h"
#include "leat/time.h"

namespace leat {

class SpinTime {
 public:
  static constexpr Duration kLeast = std::chrono::microseconds(25);  // what a wake-up costs
  static constexpr Duration kMost = std::chrono::microseconds(200);

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
    time_ = waited > kMost ? Duration::zero() : std::min(kMost, std::max(2 * waited, kLeast));
  }

 private:
  Polling polling_;
  Duration time_{};
};

}  // namespace leat
