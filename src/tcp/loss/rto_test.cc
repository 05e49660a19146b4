#include "tcp/loss/rto.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(RttEstimator, TakesTheFirstSampleAsItIs) {
  RttEstimator rtt;
  EXPECT_FALSE(rtt.has_sample());
  EXPECT_EQ(rtt.srtt(), Duration::zero());
  EXPECT_EQ(rtt.min_rtt(), std::nullopt);
  rtt.on_sample(milliseconds(100));
  EXPECT_EQ(rtt.srtt(), milliseconds(100));
  EXPECT_EQ(rtt.rttvar(), milliseconds(50));
  EXPECT_EQ(rtt.min_rtt(), milliseconds(100));
}

TEST(RttEstimator, SmoothsByOneEighthAndOneQuarter) {
  RttEstimator rtt;
  rtt.on_sample(milliseconds(100));
  rtt.on_sample(milliseconds(140));
  // RTTVAR = 3/4 * 50 + 1/4 * |100 - 140| = 47.5; SRTT = 7/8 * 100 + 1/8 * 140 = 105
  EXPECT_EQ(rtt.rttvar(), microseconds(47'500));
  EXPECT_EQ(rtt.srtt(), milliseconds(105));
  rtt.on_sample(milliseconds(65));
  // RTTVAR = 3/4 * 47.5 + 1/4 * 40 = 45.625; SRTT = 105 - 40/8 = 100
  EXPECT_EQ(rtt.rttvar(), microseconds(45'625));
  EXPECT_EQ(rtt.srtt(), milliseconds(100));
  EXPECT_EQ(rtt.min_rtt(), milliseconds(65));
}

TEST(RttEstimator, AWindowOfSamplesDoesNotEraseTheVariance) {
  RttEstimator rtt;
  rtt.on_sample(milliseconds(100));
  rtt.on_sample(milliseconds(180));
  for (int i = 0; i < 50; ++i) rtt.on_sample(milliseconds(100), false);
  EXPECT_EQ(rtt.rttvar(), microseconds(57'500));
  rtt.on_sample(milliseconds(100));  // the round had begun with a large one
  EXPECT_GT(rtt.rttvar(), milliseconds(30));
  rtt.on_sample(milliseconds(100));
  EXPECT_LT(rtt.rttvar(), milliseconds(1));
}

TEST(MinRtt, OutlivesItsClocksWrapping) {
  MinRtt least;
  const Instant before = Instant(milliseconds(std::int64_t{1} << 32)) - seconds(10);
  least.on_sample(milliseconds(50), before);
  least.on_sample(milliseconds(90), before + seconds(20));
  EXPECT_EQ(least.get(), milliseconds(50));
  least.on_sample(milliseconds(90), before + seconds(400));
  EXPECT_EQ(least.get(), milliseconds(90));
}

TEST(ShortDuration, IsExactInEighthsOfAMicrosecondAndEndsWhereItMust) {
  EXPECT_EQ(Duration(ShortDuration(milliseconds(123))), milliseconds(123));
  EXPECT_EQ(Duration(ShortDuration(Duration(1124))), Duration(1000)) << "rounded down";
  EXPECT_EQ(Duration(ShortDuration(Duration(-5))), Duration(0));
  EXPECT_EQ(ShortDuration(std::chrono::hours(1)), ShortDuration::max());
  EXPECT_GT(Duration(ShortDuration::max()), std::chrono::minutes(8));
}

// A path that has become longer would else have a reordering window that is too small for ever.
TEST(MinRtt, ForgetsWhatIsOlderThanFiveMinutes) {
  const Instant begin{seconds(1000)};
  MinRtt least;
  EXPECT_TRUE(least.empty());
  least.on_sample(milliseconds(10), begin);
  for (int s = 10; s < 300; s += 10) least.on_sample(milliseconds(40), begin + seconds(s));
  EXPECT_EQ(least.get(), milliseconds(10));
  least.on_sample(milliseconds(40), begin + seconds(300));
  EXPECT_EQ(least.get(), milliseconds(40));
  least.on_sample(milliseconds(90), begin + seconds(2000));
  EXPECT_EQ(least.get(), milliseconds(90)) << "after a long silence nothing old is left";
}

TEST(RttEstimator, IgnoresNegativeAndAcceptsZero) {
  RttEstimator rtt;
  rtt.on_sample(milliseconds(-5));
  EXPECT_FALSE(rtt.has_sample());
  rtt.on_sample(Duration::zero());  // a peer in the same instant of virtual time
  EXPECT_TRUE(rtt.has_sample());
  EXPECT_EQ(rtt.min_rtt(), Duration::zero());
  rtt.on_sample(milliseconds(8));
  EXPECT_EQ(rtt.srtt(), milliseconds(1));
}

TEST(Rto, StartsWithOneSecond) { EXPECT_EQ(Rto().rto(), seconds(1)); }

TEST(Rto, AddsFourTimesTheVariance) {
  Rto rto;
  rto.on_sample(milliseconds(100));
  EXPECT_EQ(rto.rto(), milliseconds(300));  // 100 + max(4 * 50, 200)
  rto.on_sample(milliseconds(180));
  EXPECT_EQ(rto.rto(), milliseconds(110 + 4 * 57) + microseconds(2'000));  // RTTVAR 57.5, SRTT 110
}

TEST(Rto, FloorsTheVarianceTermAt200ms) {
  Rto rto;
  for (int i = 0; i < 100; ++i) rto.on_sample(milliseconds(1));
  EXPECT_EQ(rto.rto(), milliseconds(201));
  Rto far;
  for (int i = 0; i < 200; ++i) far.on_sample(seconds(1));
  EXPECT_EQ(far.rto(), milliseconds(1200));
  Rto zero;
  zero.on_sample(Duration::zero());
  EXPECT_EQ(zero.rto(), milliseconds(200));
}

TEST(Rto, DoublesUpToTheMaximumAndStaysThere) {
  Rto rto;
  const int want[] = {2, 4, 8, 16, 32, 64, 120, 120};
  for (int s : want) {
    rto.back_off();
    EXPECT_EQ(rto.rto(), seconds(s));
  }
  for (int i = 0; i < 1000; ++i) {
    rto.back_off();
    ASSERT_EQ(rto.rto(), seconds(120)) << i;
  }
  EXPECT_EQ(rto.backoff(), 255u);
}

TEST(Rto, KeepsTheBackOffUntilAValidSample) {
  Rto rto;
  rto.on_sample(milliseconds(100));
  rto.back_off();
  rto.back_off();
  EXPECT_EQ(rto.rto(), milliseconds(1200));
  rto.on_sample(milliseconds(-1));
  EXPECT_EQ(rto.rto(), milliseconds(1200));
  rto.on_sample(milliseconds(100));
  EXPECT_EQ(rto.backoff(), 0u);
  EXPECT_EQ(rto.rto(), milliseconds(300));  // RTTVAR 37.5: the floor holds
}

TEST(Rto, CapsTheMeasuredValueToo) {
  Rto rto(seconds(2));
  EXPECT_EQ(rto.rto(), seconds(1));
  rto.on_sample(seconds(30));
  EXPECT_EQ(rto.rto(), seconds(2));
  Rto brief(milliseconds(50));
  EXPECT_EQ(brief.rto(), milliseconds(50));
  brief.back_off();
  EXPECT_EQ(brief.rto(), milliseconds(50));
  Rto endless(Duration::max());
  for (int i = 0; i < 35; ++i) endless.back_off();
  EXPECT_EQ(endless.rto(), Rto::kLongest) << "no overflow";
}

TEST(Rto, StartsDataWith3SecondsAfterALostSyn) {
  Rto lost;
  lost.back_off();
  EXPECT_EQ(lost.rto(), seconds(2));
  lost.on_established(true);
  EXPECT_EQ(lost.rto(), seconds(3));
  lost.back_off();
  EXPECT_EQ(lost.rto(), seconds(6));
  lost.on_sample(milliseconds(100));
  EXPECT_EQ(lost.rto(), milliseconds(300));

  Rto clean;
  clean.on_established(false);
  EXPECT_EQ(clean.rto(), seconds(1));

  Rto measured;  // timestamps gave a sample although the SYN was sent twice
  measured.back_off();
  measured.on_sample(milliseconds(100));
  measured.on_established(true);
  EXPECT_EQ(measured.rto(), milliseconds(300));
}

}  // namespace
}  // namespace leat
