#include "stack/timer_wheel.h"

#include <array>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace leat {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

struct Timer : TimerEntry {
  int id = 0;
};

constexpr Instant kWheelStart{hours(1000)};

/// The ids that fire at `now`, in order.
std::vector<int> fired(TimerWheel& wheel, Instant now) {
  std::vector<int> ids;
  while (TimerEntry* e = wheel.pop_expired(now)) ids.push_back(static_cast<Timer*>(e)->id);
  return ids;
}

TEST(TimerWheel, IsEmptyAtFirst) {
  TimerWheel wheel;
  EXPECT_TRUE(wheel.empty());
  EXPECT_EQ(wheel.next_deadline(), kNever);
  EXPECT_EQ(wheel.pop_expired(kWheelStart), nullptr);
}

TEST(TimerWheel, RoundsUpAndNeverFiresEarly) {
  TimerWheel wheel;
  EXPECT_EQ(wheel.pop_expired(kWheelStart), nullptr);
  Timer t;
  wheel.schedule(t, kWheelStart + milliseconds(4) + nanoseconds(1));
  EXPECT_TRUE(t.is_scheduled());
  EXPECT_EQ(wheel.next_deadline(), kWheelStart + milliseconds(5));
  EXPECT_EQ(wheel.pop_expired(kWheelStart + milliseconds(5) - nanoseconds(1)), nullptr);
  EXPECT_EQ(wheel.pop_expired(kWheelStart + milliseconds(5)), &t);
  EXPECT_FALSE(t.is_scheduled());
  EXPECT_TRUE(wheel.empty());

  wheel.schedule(t, kWheelStart + milliseconds(6));  // a whole millisecond is taken as it is
  EXPECT_EQ(wheel.next_deadline(), kWheelStart + milliseconds(6));
  EXPECT_EQ(wheel.pop_expired(kWheelStart + milliseconds(6)), &t);
}

TEST(TimerWheel, FiresInOrderWhateverTheJump) {
  TimerWheel wheel;
  std::array<Timer, 6> t;
  const Duration delays[] = {hours(2), milliseconds(3), seconds(200), milliseconds(3), milliseconds(70), hours(500)};
  wheel.pop_expired(kWheelStart);
  for (int i = 0; i < 6; ++i) {
    t[i].id = i;
    wheel.schedule(t[i], kWheelStart + delays[i]);
  }
  EXPECT_EQ(fired(wheel, kWheelStart + hours(501)), (std::vector<int>{1, 3, 4, 2, 0, 5}));
}

TEST(TimerWheel, CancelsAndMoves) {
  TimerWheel wheel;
  wheel.pop_expired(kWheelStart);
  Timer a, b;
  a.id = 1, b.id = 2;
  wheel.cancel(a);  // not armed: nothing happens
  wheel.schedule(a, kWheelStart + seconds(1));
  wheel.schedule(b, kWheelStart + seconds(2));
  wheel.schedule(a, kWheelStart + seconds(3));  // later
  EXPECT_EQ(wheel.next_deadline(), kWheelStart + seconds(2));
  wheel.schedule(b, kWheelStart + milliseconds(1500));  // earlier
  EXPECT_EQ(wheel.next_deadline(), kWheelStart + milliseconds(1500));
  EXPECT_EQ(fired(wheel, kWheelStart + seconds(2)), (std::vector<int>{2}));
  wheel.cancel(a);
  EXPECT_FALSE(a.is_scheduled());
  EXPECT_EQ(wheel.next_deadline(), kNever);
  wheel.schedule(a, kWheelStart + seconds(9));
  wheel.schedule(a, kNever);
  EXPECT_TRUE(wheel.empty());
  EXPECT_EQ(fired(wheel, kWheelStart + hours(1)), std::vector<int>{});
}

TEST(TimerWheel, KnowsWhatAnEntryIsArmedFor) {
  TimerWheel wheel;
  Timer t;
  EXPECT_FALSE(TimerWheel::is_armed_by(t, kWheelStart));
  EXPECT_TRUE(TimerWheel::is_armed_by(t, kNever)) << "no need to be";
  wheel.schedule(t, kWheelStart + microseconds(10'500));
  EXPECT_FALSE(TimerWheel::is_armed_by(t, kWheelStart + milliseconds(10))) << "too late for that";
  EXPECT_TRUE(TimerWheel::is_armed_by(t, kWheelStart + microseconds(10'001))) << "the same tick";
  EXPECT_TRUE(TimerWheel::is_armed_by(t, kWheelStart + microseconds(10'500)));
  EXPECT_TRUE(TimerWheel::is_armed_by(t, kWheelStart + hours(1)));
  EXPECT_EQ(fired(wheel, kWheelStart + milliseconds(11)).size(), 1u);
  EXPECT_FALSE(TimerWheel::is_armed_by(t, kWheelStart + hours(1))) << "no longer";
  wheel.schedule(t, kWheelStart + hours(2));
  wheel.cancel(t);
  EXPECT_FALSE(TimerWheel::is_armed_by(t, kWheelStart + hours(3)));
}

TEST(TimerWheel, APastDeadlineFiresAtTheNextTick) {
  TimerWheel wheel;
  wheel.pop_expired(kWheelStart);
  Timer t;
  wheel.schedule(t, kWheelStart - hours(5));
  EXPECT_EQ(wheel.next_deadline(), kWheelStart + milliseconds(1));
  EXPECT_EQ(wheel.pop_expired(kWheelStart), nullptr);
  EXPECT_EQ(wheel.pop_expired(kWheelStart + milliseconds(1)), &t);
}

TEST(TimerWheel, ReArmingForNowWhilePoppingDoesNotSpin) {
  TimerWheel wheel;
  Timer t;
  wheel.schedule(t, kWheelStart);
  const Instant now = kWheelStart + hours(3);
  int pops = 0;
  while (TimerEntry* e = wheel.pop_expired(now)) {
    ASSERT_LT(++pops, 3);
    wheel.schedule(*e, now);
    wheel.schedule(*e, kWheelStart + seconds(1));  // long past, but not yet reached by the wheel's position
  }
  EXPECT_EQ(pops, 1);
  EXPECT_EQ(wheel.next_deadline(), now + milliseconds(1));
}

TEST(TimerWheel, AnyEntryMayGoWhileDueOnesArePopped) {
  TimerWheel wheel;
  wheel.pop_expired(kWheelStart);
  std::vector<std::unique_ptr<Timer>> t;
  for (int i = 0; i < 10; ++i) {
    t.push_back(std::make_unique<Timer>());
    t.back()->id = i;
    wheel.schedule(*t.back(), kWheelStart + milliseconds(i < 5 ? 10 : 20));
  }
  const Instant now = kWheelStart + milliseconds(30);
  EXPECT_EQ(wheel.pop_expired(now), t[0].get());
  EXPECT_LE(wheel.next_deadline(), kWheelStart + milliseconds(10));  // more are due at once
  t[1].reset();                                                      // due, and destroyed while armed
  wheel.cancel(*t[2]);                                               // due, and cancelled
  wheel.schedule(*t[3], now + seconds(1));                           // due, and moved
  t[6].reset();                                                      // not reached yet, and destroyed
  EXPECT_EQ(fired(wheel, now), (std::vector<int>{4, 5, 7, 8, 9}));
  EXPECT_EQ(fired(wheel, now + seconds(1)), (std::vector<int>{3}));
}

TEST(TimerWheel, ForgetsWhatWasDestroyed) {
  TimerWheel wheel;
  wheel.pop_expired(kWheelStart);
  for (Duration d : {Duration(milliseconds(1)), Duration(seconds(1)), Duration(hours(30))}) {
    Timer t;
    wheel.schedule(t, kWheelStart + d);
  }
  EXPECT_TRUE(wheel.empty());
  Timer later;
  wheel.schedule(later, kWheelStart + hours(40));
  EXPECT_EQ(wheel.next_deadline(), kWheelStart + hours(40));
  EXPECT_EQ(wheel.pop_expired(kWheelStart + hours(41)), &later);
}

TEST(TimerWheel, WorksAtEitherEndOfTime) {
  for (Instant start : {Instant::min(), Instant(Duration(-1)), Instant(Duration(0)), kNever - hours(1)}) {
    TimerWheel wheel;
    Timer t, far;
    wheel.pop_expired(start);
    wheel.schedule(t, start + milliseconds(10));
    wheel.schedule(far, kNever - nanoseconds(1));  // in the last millisecond that there is
    const Instant next = wheel.next_deadline();
    EXPECT_GE(next, start + milliseconds(10));
    EXPECT_LE(next, start + milliseconds(11));
    EXPECT_EQ(wheel.pop_expired(start + milliseconds(10) - nanoseconds(1)), nullptr);
    EXPECT_EQ(wheel.pop_expired(start + milliseconds(11)), &t);
    EXPECT_TRUE(far.is_scheduled());
  }
}

TEST(TimerWheel, FirstUseMayBeScheduling) {
  TimerWheel wheel;
  Timer t;
  wheel.schedule(t, kWheelStart + seconds(1));
  EXPECT_LE(wheel.next_deadline(), kWheelStart + seconds(1));
  EXPECT_EQ(wheel.pop_expired(kWheelStart), nullptr);
  EXPECT_EQ(wheel.next_deadline(), kWheelStart + seconds(1));
  EXPECT_EQ(wheel.pop_expired(kWheelStart + seconds(1)), &t);
}

TEST(TimerWheel, TimeNeverGoesBack) {
  TimerWheel wheel;
  Timer t;
  wheel.pop_expired(kWheelStart + seconds(1));
  wheel.schedule(t, kWheelStart + milliseconds(1001));
  EXPECT_EQ(wheel.pop_expired(kWheelStart), nullptr);
  EXPECT_EQ(wheel.pop_expired(kWheelStart + milliseconds(1001)), &t);
}

// How often an otherwise idle stack is woken for its timers, following next_deadline().
int wake_ups(int timers, Duration delay) {
  TimerWheel wheel;
  wheel.pop_expired(kWheelStart);
  std::vector<Timer> t(static_cast<std::size_t>(timers));
  for (Timer& x : t) wheel.schedule(x, kWheelStart + delay);
  int wakes = 0, seen = 0;
  while (!wheel.empty()) {
    ++wakes;
    const Instant now = wheel.next_deadline();
    while (wheel.pop_expired(now) != nullptr) ++seen;
    EXPECT_TRUE(seen == 0 || now >= kWheelStart + delay);
  }
  EXPECT_EQ(seen, timers);
  return wakes;
}

TEST(TimerWheel, AnIdleStackSleeps) {
  EXPECT_EQ(wake_ups(1, hours(2)), 1);
  EXPECT_LE(wake_ups(1000, hours(2) + milliseconds(77)), 4);
  EXPECT_LE(wake_ups(1000, hours(24 * 365)), 6);
}

/// What the wheel must do, in the plainest form: entries by the tick at which they may fire.
struct WheelModel {
  std::multimap<std::int64_t, int> armed;  // tick -> id; equal ticks in the order of scheduling
  std::int64_t latest = std::numeric_limits<std::int64_t>::min();

  static std::int64_t floor_ms(Instant t) { return std::chrono::floor<milliseconds>(t.time_since_epoch()).count(); }
  static std::int64_t ceil_ms(Instant t) { return std::chrono::ceil<milliseconds>(t.time_since_epoch()).count(); }
  void cancel(int id) {
    std::erase_if(armed, [&](const auto& e) { return e.second == id; });
  }
  void schedule(int id, Instant deadline) {
    cancel(id);
    armed.emplace(std::max(ceil_ms(deadline), latest + 1), id);
  }
  int pop(Instant now) {
    latest = std::max(latest, floor_ms(now));
    if (armed.empty() || armed.begin()->first > latest) return -1;
    const int id = armed.begin()->second;
    armed.erase(armed.begin());
    return id;
  }
};

Duration random_span(Random& random) {
  // Every magnitude from nanoseconds to days alike.
  const unsigned bits = 1 + random.below(49);
  return nanoseconds(static_cast<std::int64_t>(random.next() >> (64 - bits)));
}

void agrees_with_the_model(Instant now, std::uint64_t seed) {
  Random random(Seed{seed, 0});
  TimerWheel wheel;
  WheelModel model;
  std::array<std::unique_ptr<Timer>, 60> t;
  ASSERT_EQ(wheel.pop_expired(now), nullptr);
  ASSERT_EQ(model.pop(now), -1);
  const auto arm = [&](int id) {
    if (t[id] == nullptr) t[id] = std::make_unique<Timer>(), t[id]->id = id;
    const Instant deadline = now + (random.below(10) == 0 ? -random_span(random) : random_span(random));
    wheel.schedule(*t[id], deadline);
    model.schedule(id, deadline);
  };
  for (int step = 0; step < 3000; ++step) {
    const int id = static_cast<int>(random.below(60));
    const std::uint32_t op = random.below(10);
    if (op < 5) {
      arm(id);
    } else if (op < 6 && t[id] != nullptr) {
      wheel.cancel(*t[id]);
      model.cancel(id);
    } else if (op < 7) {
      t[id].reset();
      model.cancel(id);
    } else {
      const Instant next = wheel.next_deadline();
      now = op < 9 || next == kNever ? now + random_span(random) : std::max(now, next);
      for (;;) {
        TimerEntry* e = wheel.pop_expired(now);
        const int id_popped = e == nullptr ? -1 : static_cast<Timer*>(e)->id;
        ASSERT_EQ(id_popped, model.pop(now)) << "seed " << seed << " step " << step;
        if (e == nullptr) break;
        if (random.below(3) == 0) arm(static_cast<int>(random.below(60)));
      }
    }
    const Instant next = wheel.next_deadline();
    if (model.armed.empty()) {
      ASSERT_EQ(next, kNever);
    } else {
      ASSERT_LE(WheelModel::ceil_ms(next), model.armed.begin()->first);
      ASSERT_GT(next, now);
    }
  }
}

TEST(TimerWheel, AgreesWithAMultimapUnderRandomOperations) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Instant start = seed % 3 == 0 ? Instant(Duration(0)) : seed % 3 == 1 ? Instant(-hours(999'999)) : kWheelStart;
    agrees_with_the_model(start, seed);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace leat
