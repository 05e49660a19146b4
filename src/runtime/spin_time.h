// SpinTime: how long to poll for packets before going to sleep, learned from the length of the last waits. An answer
// that comes within kMost is found while polling. Each longer wait halves the time, so that one lost packet does not
// end the polling and an idle process costs nothing.
#pragma once

#include <algorithm>

#include "leat/polling.h"
#include "leat/time.h"

namespace leat {

class SpinTime {
 public:
  static constexpr Duration kLeast = std::chrono::microseconds(25);  // about the cost of a wake-up
  static constexpr Duration kMost = std::chrono::microseconds(500);

  explicit SpinTime(Polling polling) : polling_(polling) {}

  /// How long to poll. kForever means that the thread shall never sleep.
  static constexpr Duration kForever = Duration::max();
  Duration get() const {
    if (polling_ == Polling::busy) return kForever;
    return polling_ == Polling::sleep ? Duration::zero() : time_;
  }
  /// Something arrived after `waited`, spent either polling or asleep.
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
