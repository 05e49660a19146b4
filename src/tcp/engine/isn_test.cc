#include "tcp/engine/isn.h"

#include <set>

#include <gtest/gtest.h>

namespace leat {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr SipKey kIsnKey{11, 22};
constexpr FourTuple kTuple{{IpAddress::v4(10, 0, 0, 1), 80}, {IpAddress::v4(10, 0, 0, 2), 40000}};

SeqNum isn(Instant now, const FourTuple& tuple = kTuple, const SipKey& key = kIsnKey) {
  return initial_sequence_number(key, tuple, now);
}

TEST(Isn, AdvancesByOneEveryFourMicroseconds) {
  const Instant start{seconds(1000)};
  EXPECT_EQ(isn(start + microseconds(4)) - isn(start), 1);
  EXPECT_EQ(isn(start + nanoseconds(3999)) - isn(start), 0);
  EXPECT_EQ(isn(start + seconds(1)) - isn(start), 250'000);
  for (int i = 1; i < 1000; ++i) {
    EXPECT_TRUE(is_before(isn(start + seconds(i - 1)), isn(start + seconds(i)))) << i;
  }
}

TEST(Isn, WrapsAfter2To34Microseconds) {
  const Instant start{seconds(7)};
  const Duration lap = microseconds(std::int64_t{1} << 34);
  EXPECT_EQ(isn(start + lap), isn(start));
  EXPECT_EQ(isn(start + lap - microseconds(4)) - isn(start), -1);
}

TEST(Isn, TheClockMayStartAnywhere) {
  // No jump where the caller's clock passes its zero.
  EXPECT_EQ(isn(Instant(nanoseconds(0))) - isn(Instant(nanoseconds(-1))), 1);
  EXPECT_EQ(isn(Instant(nanoseconds(-1))) - isn(Instant(nanoseconds(-4000))), 0);
  EXPECT_EQ(isn(Instant(nanoseconds(-4000))) - isn(Instant(nanoseconds(-4001))), 1);
}

TEST(Isn, TuplesAndKeysGiveUnrelatedNumbers) {
  const Instant now{seconds(5)};
  std::set<std::uint32_t> seen;
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    FourTuple t = kTuple;
    t.remote.port = port;
    seen.insert(isn(now, t).raw() >> 12);  // the high bits differ, not only the low ones
  }
  EXPECT_GT(seen.size(), 995u);
  EXPECT_NE(isn(now), isn(now, kTuple, {11, 23}));
  EXPECT_NE(isn(now), isn(now, kTuple.reversed()));
  EXPECT_EQ(isn(now), isn(now));
}

}  // namespace
}  // namespace leat
