// TimerWheel: many deadlines, 1 ms apart at the finest, armed and cancelled in O(1).
//
// Promises: a timer never fires before its deadline, and fires at the first pop_expired() whose `now` has reached the
// deadline rounded up to a whole millisecond; timers fire in the order of those milliseconds, equal ones in the order
// in which they were scheduled. Jumping over hours costs no more than a few steps for each timer.
// The Stack keeps one entry for each connection (the earliest of its deadlines) and pops them inside transmit().
//
// How: eight levels of 64 slots; a slot of level n spans 64^n ticks, so that every Instant has a place. An entry's
// level is that of the highest base-64 digit in which its tick differs from the wheel's position; when the position
// reaches the slot, its entries move down.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/intrusive_list.h"
#include "leat/time.h"

namespace leat {

struct TimerTag {};

/// Base class of what is timed; get back at the owner with static_cast. Destroying it disarms it.
class TimerEntry : public ListLink<TimerTag> {
 public:
  bool is_scheduled() const { return is_linked(); }

 private:
  friend class TimerWheel;
  std::uint64_t tick_ = 0;
};

class TimerWheel {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(1);

  /// Arms `entry`, or moves it if it is armed. A deadline that the last pop_expired() has already passed counts as
  /// the next tick after that, so that a caller that re-arms for "now" while it pops cannot spin.
  /// kNever disarms.
  void schedule(TimerEntry& entry, Instant deadline);
  /// Disarms; nothing happens if it is not armed.
  void cancel(TimerEntry& entry);

  /// Whether it is armed for `deadline`, or for an earlier one, or has no need to be: for kNever.
  static bool is_armed_by(const TimerEntry& entry, Instant deadline) {
    if (deadline == kNever) return true;
    return entry.is_scheduled() && entry.tick_ <= tick_at_or_after(deadline);
  }

  /// The next entry that is due at `now`, disarmed; nullptr when there is none. The caller may schedule, cancel and
  /// destroy any entry between two calls. `now` never goes back; an earlier one counts as the latest.
  TimerEntry* pop_expired(Instant now);

  /// When pop_expired() should be called next, kNever when nothing is armed. Never later than the earliest deadline,
  /// rounded up. It can be earlier when many share a distant slot: such a timer causes at most one call a level, three
  /// for two hours. Before the first pop_expired() it can be any time before the deadline.
  Instant next_deadline() const;

  bool empty() const { return next_deadline() == kNever; }

 private:
  static constexpr unsigned kDigitBits = 6;
  static constexpr unsigned kSlots = 1u << kDigitBits;
  static constexpr unsigned kLevels = 8;  // 2^48 ticks: more than the 2^44.2 that 64 bits of nanoseconds span
  static constexpr unsigned kExactUpTo = 8;

  using Slot = IntrusiveList<TimerEntry, TimerTag>;
  struct Place {
    unsigned level, slot;
  };

  static constexpr std::int64_t kTickNs = kTick.count();
  // Ticks count from the earliest Instant, so that they are never negative.
  static constexpr std::int64_t kFirstTick = Instant::min().time_since_epoch().count() / kTickNs - 1;

  static std::uint64_t tick_at_or_before(Instant t);
  static std::uint64_t tick_at_or_after(Instant t) {
    const std::int64_t ns = t.time_since_epoch().count();
    return static_cast<std::uint64_t>(ns / kTickNs + (ns % kTickNs > 0 ? 1 : 0) - kFirstTick);
  }
  static Instant to_instant(std::uint64_t tick);
  Place place_of(std::uint64_t tick) const;
  void put(TimerEntry& entry);
  /// The first slot with entries at or after the position; level == kLevels when there is none.
  Place first_occupied() const;
  std::uint64_t start_of(Place p) const;
  static std::uint64_t earliest_in(const Slot& slot, std::uint64_t otherwise);

  std::array<std::array<Slot, kSlots>, kLevels> slots_;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit can outlive the slot's last entry, never the reverse
  Slot due_;                                       // tick_ <= position_
  std::uint64_t position_ = 0;                     // slots up to here are empty
  std::uint64_t latest_ = 0;                       // the tick of the latest `now`; position_ <= latest_
};

}  // namespace leat
