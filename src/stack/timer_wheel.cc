#include "stack/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace leat {

std::uint64_t TimerWheel::tick_at_or_before(Instant t) {
  const std::int64_t ns = t.time_since_epoch().count();
  const std::int64_t floor = ns / kTickNs - (ns % kTickNs < 0 ? 1 : 0);
  return static_cast<std::uint64_t>(floor - kFirstTick);
}

Instant TimerWheel::to_instant(std::uint64_t tick) {
  const std::int64_t t = static_cast<std::int64_t>(tick) + kFirstTick;
  if (t <= kFirstTick) return Instant::min();
  constexpr std::int64_t kLastTick = Instant::max().time_since_epoch().count() / kTickNs;
  if (t > kLastTick) return kNever;
  return Instant(Duration(t * kTickNs));
}

TimerWheel::Place TimerWheel::place_of(std::uint64_t tick) const {
  // The lowest digit is set so that an equal tick (which is never asked for) would be level 0 and not undefined.
  const unsigned highest_bit = static_cast<unsigned>(std::bit_width((tick ^ position_) | 1)) - 1;
  const unsigned level = highest_bit / kDigitBits;
  return {level, static_cast<unsigned>(tick >> (level * kDigitBits)) % kSlots};
}

void TimerWheel::put(TimerEntry& entry) {
  if (entry.tick_ <= position_) {
    due_.push_back(entry);
    return;
  }
  const Place p = place_of(entry.tick_);
  slots_[p.level][p.slot].push_back(entry);
  occupied_[p.level] |= std::uint64_t{1} << p.slot;
}

void TimerWheel::schedule(TimerEntry& entry, Instant deadline) {
  cancel(entry);
  if (deadline == kNever) return;
  entry.tick_ = std::max(tick_at_or_after(deadline), latest_ + 1);
  put(entry);
}

void TimerWheel::cancel(TimerEntry& entry) {
  if (!entry.is_linked()) return;
  entry.unlink();
  if (entry.tick_ <= position_) return;  // it was due
  const Place p = place_of(entry.tick_);
  if (slots_[p.level][p.slot].empty()) occupied_[p.level] &= ~(std::uint64_t{1} << p.slot);
}

TimerEntry* TimerWheel::pop_expired(Instant now) {
  latest_ = std::max(latest_, tick_at_or_before(now));
  while (due_.empty()) {
    const Place p = first_occupied();
    if (p.level == kLevels || start_of(p) > latest_) {
      // No slot begins up to here, so that every entry still differs from the position in the same digit.
      position_ = latest_;
      return nullptr;
    }
    position_ = start_of(p);
    // Bits at and below this one are done with; some may be left from entries that were destroyed.
    occupied_[p.level] &= ~(((std::uint64_t{1} << p.slot) << 1) - 1);
    Slot& slot = slots_[p.level][p.slot];
    while (TimerEntry* entry = slot.pop_front()) put(*entry);
  }
  return due_.pop_front();
}

Instant TimerWheel::next_deadline() const {
  if (!due_.empty()) return to_instant(position_);
  const Place p = first_occupied();
  if (p.level == kLevels) return kNever;
  return to_instant(earliest_in(slots_[p.level][p.slot], start_of(p)));
}

TimerWheel::Place TimerWheel::first_occupied() const {
  // Whatever is on a lower level is earlier than everything above: it shares more digits with the position.
  for (unsigned level = 0; level < kLevels; ++level) {
    for (std::uint64_t bits = occupied_[level]; bits != 0; bits &= bits - 1) {
      const unsigned slot = static_cast<unsigned>(std::countr_zero(bits));
      if (!slots_[level][slot].empty()) return {level, slot};
    }
  }
  return {kLevels, 0};
}

std::uint64_t TimerWheel::start_of(Place p) const {
  const unsigned shift = p.level * kDigitBits;
  const std::uint64_t above = position_ >> (shift + kDigitBits) << (shift + kDigitBits);
  return above | std::uint64_t{p.slot} << shift;
}

std::uint64_t TimerWheel::earliest_in(const Slot& slot, std::uint64_t otherwise) {
  std::uint64_t earliest = ~std::uint64_t{0};
  unsigned seen = 0;
  for (const TimerEntry* e = slot.front(); e != nullptr; e = slot.next(*e)) {
    if (++seen > kExactUpTo) return otherwise;
    earliest = std::min(earliest, e->tick_);
  }
  return earliest;
}

}  // namespace leat
