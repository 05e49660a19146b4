#include "tcp/congestion/hystart.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint32_t kHystartMss = 1000, kCwnd = 20 * kHystartMss;
constexpr std::uint32_t kMinRtt = 100'000;  // us

/// Acknowledgements of a path of 100 ms, one segment each.
struct Acks {
  HyStart hystart;
  StreamPos una = 1, nxt = 1 + kCwnd;
  Instant now{std::chrono::seconds(7)};
  std::uint32_t cwnd = kCwnd;

  bool after(Duration gap, Duration rtt = milliseconds(100)) {
    now += gap;
    una += kHystartMss;
    return hystart.on_ack({.rtt = rtt, .srtt = milliseconds(100), .una = una, .nxt = nxt, .now = now}, cwnd,
                          kHystartMss, kMinRtt);
  }
};

TEST(HyStart, ATrainOfHalfOfTheRoundTripFillsThePath) {
  Acks acks;
  acks.nxt = 1'000'000;
  EXPECT_FALSE(acks.after({}));
  Duration train{};
  // Half of the round trip, and of the millisecond that batches may take.
  while (train < microseconds(50'500)) {
    ASSERT_FALSE(acks.after(microseconds(500))) << train.count();
    train += microseconds(500);
  }
  EXPECT_TRUE(acks.after(microseconds(500)));
}

TEST(HyStart, ABreakEndsTheTrain) {
  Acks acks;
  acks.nxt = 1'000'000;
  EXPECT_FALSE(acks.after({}));
  EXPECT_FALSE(acks.after(microseconds(2001)));
  for (int i = 0; i < 200; ++i) ASSERT_FALSE(acks.after(milliseconds(1)));
}

TEST(HyStart, EachRoundTripBeginsANewTrain) {
  Acks acks;
  for (int round = 0; round < 10; ++round) {
    acks.nxt = acks.una + 20 * kHystartMss;
    for (int i = 0; i < 20; ++i) ASSERT_FALSE(acks.after(milliseconds(2))) << round;  // 40 ms
    EXPECT_FALSE(acks.after(milliseconds(60)));
  }
}

TEST(HyStart, LongerRoundTripsEndSlowStartAfterEightSamples) {
  Acks acks;
  acks.nxt = 1'000'000;
  const Duration rtt = microseconds(112'501);  // more than an eighth longer
  for (int i = 0; i < 8; ++i) ASSERT_FALSE(acks.after(milliseconds(5), rtt)) << i;
  EXPECT_TRUE(acks.after(milliseconds(5), rtt));
}

TEST(HyStart, OneSampleThatIsNotLongerSpeaksForTheWholeRoundTrip) {
  Acks acks;
  acks.nxt = 1'000'000;
  EXPECT_FALSE(acks.after(milliseconds(5), microseconds(112'500)));
  for (int i = 0; i < 20; ++i) ASSERT_FALSE(acks.after(milliseconds(5), milliseconds(150))) << i;
}

TEST(HyStart, TheDelayThatCountsIsFrom4To16Milliseconds) {
  const auto ends = [](std::uint32_t min_rtt, std::uint32_t rtt) {
    HyStart hystart;
    hystart.begin_round(1'000'000, 0);
    bool end = false;
    for (int i = 0; i < 9; ++i) {
      const Instant now{milliseconds(100 * i + 100)};
      end = hystart.on_ack({.rtt = microseconds(rtt), .srtt = microseconds(rtt), .una = i, .nxt = 2, .now = now}, kCwnd,
                           kHystartMss, min_rtt);
    }
    return end;
  };
  EXPECT_FALSE(ends(200, 4'200));
  EXPECT_TRUE(ends(200, 4'201));
  EXPECT_FALSE(ends(1'000'000, 1'016'000));
  EXPECT_TRUE(ends(1'000'000, 1'016'001));
}

TEST(HyStart, ConcludesNothingFromASmallWindow) {
  Acks acks;
  acks.nxt = 1'000'000;
  acks.cwnd = 16 * kHystartMss - 1;
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(acks.after(milliseconds(1), milliseconds(200)));
}

}  // namespace
}  // namespace leat
