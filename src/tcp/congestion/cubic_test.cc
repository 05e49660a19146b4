#include "tcp/congestion/cubic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace leat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kCubicMss = 1000;

/// A bulk transfer: each round trip acknowledges what cwnd was, segment by segment.
struct CubicTransfer {
  Cubic cubic{{.mss = kCubicMss}};
  Duration rtt = milliseconds(100);
  Instant now{seconds(5)};
  StreamPos una = 1;

  explicit CubicTransfer(std::uint32_t initial_segments = 10)
      : cubic({.mss = kCubicMss, .initial_cwnd = initial_segments * kCubicMss}) {}

  std::uint32_t segments() const { return cubic.cwnd() / kCubicMss; }
  AckSample sample() const {
    return {.acked_bytes = kCubicMss,
            .in_flight = cubic.cwnd(),
            .rtt = rtt,
            .srtt = rtt,
            .una = una,
            .nxt = una + cubic.cwnd(),
            .now = now};
  }
  void round_trip() {
    const std::uint32_t acks = segments();
    const Duration gap = rtt / acks;
    for (std::uint32_t i = 0; i < acks; ++i) {
      now += gap;
      una += kCubicMss;
      cubic.on_ack(sample());
    }
  }
  void round_trips_for(Duration time) {
    for (const Instant end = now + time; now < end;) round_trip();
  }
  void lose() {
    cubic.on_loss_detected(cubic.cwnd(), now);
    cubic.on_recovery_exit(now);
  }
};

double w_cubic(double t, double w_max, double cwnd) {
  return 0.4 * std::pow(t - std::cbrt((w_max - cwnd) / 0.4), 3) + w_max;
}

TEST(Cubic, ALossLeavesSevenTenths) {
  CubicTransfer t(100);
  t.cubic.on_loss_detected(100 * kCubicMss, t.now);
  EXPECT_EQ(t.cubic.ssthresh(), 70 * kCubicMss);
  EXPECT_EQ(t.cubic.cwnd(), 70 * kCubicMss);
}

TEST(Cubic, ReducesTheWindowAndNotWhatWasUsedOfIt) {
  CubicTransfer t(100);
  t.cubic.on_loss_detected(3 * kCubicMss, t.now);
  EXPECT_EQ(t.cubic.ssthresh(), 70 * kCubicMss);
}

TEST(Cubic, NeverSetsTheThresholdBelowTwoSegments) {
  CubicTransfer t(2);
  t.lose();
  EXPECT_EQ(t.cubic.ssthresh(), 2 * kCubicMss);
}

TEST(Cubic, FollowsTheCurveThroughBothRegions) {
  CubicTransfer t(1000);
  t.lose();
  const Instant epoch = t.now;
  for (int i = 0; i < 180; ++i) {
    t.round_trip();
    // The window reaches the value that the curve has at the end of the next round trip.
    const double age = std::chrono::duration<double>(t.now - epoch).count();
    const double wanted = w_cubic(age, 1000, 700);
    ASSERT_NEAR(t.segments(), wanted, 4 + wanted / 50) << age;
  }
  EXPECT_GT(t.segments(), 1200u) << "it was the convex region in the end";
}

TEST(Cubic, GrowsFastThenSlowlyThenFast) {
  CubicTransfer t(1000);
  t.lose();
  std::vector<std::uint32_t> growth;
  for (int second = 0; second < 18; ++second) {
    const std::uint32_t before = t.segments();
    t.round_trips_for(seconds(1));
    growth.push_back(t.segments() - before);
  }
  EXPECT_GT(growth[0], 2 * growth[4]);
  EXPECT_LE(growth[8], 3u) << "K is 9.1 s";
  EXPECT_GT(growth[17], 10 * growth[9] + 10);
}

TEST(Cubic, IsNoSlowerThanRenoWouldBe) {
  CubicTransfer t(20);
  t.rtt = milliseconds(10);
  t.lose();
  const std::uint32_t begin = t.segments();
  for (int i = 0; i < 60; ++i) t.round_trip();
  // Eight fifteenths of a segment a round trip (RFC 9438 §4.3); the curve would have gained 6 in 0.6 s at most.
  EXPECT_NEAR(t.segments(), begin + 60 * 8 / 15.0, 4);
}

TEST(Cubic, ASecondLossBelowTheFirstLeavesRoomForOthers) {
  CubicTransfer twice(1000), once(700);
  twice.lose();
  twice.lose();  // at 700: the plateau is 700 * 0.85
  once.lose();
  ASSERT_EQ(twice.segments(), once.segments());
  twice.round_trips_for(seconds(6));  // K is 5.7 s for 105 segments, 8.1 s for 210
  once.round_trips_for(seconds(6));
  EXPECT_NEAR(twice.segments(), 595, 3);
  EXPECT_NEAR(once.segments(), w_cubic(6, 700, 490), 6);
}

TEST(Cubic, WithoutALossItGrowsByATwentiethARoundTrip) {
  Cubic c({.mss = kCubicMss, .initial_cwnd = 100 * kCubicMss, .initial_ssthresh = 100 * kCubicMss});
  for (int i = 0; i < 100; ++i) {
    c.on_ack({.acked_bytes = kCubicMss, .in_flight = 100 * kCubicMss, .now = Instant(seconds(5)) + milliseconds(i)});
  }
  EXPECT_EQ(c.cwnd(), 105 * kCubicMss);
}

TEST(Cubic, NeverGrowsByMoreThanHalfAWindowARoundTrip) {
  CubicTransfer t(10);
  t.lose();
  t.rtt = seconds(30);
  for (int i = 0; i < 8; ++i) {
    const std::uint32_t before = t.segments();
    t.round_trip();
    ASSERT_LE(t.segments(), before + before / 2 + 1);
  }
}

TEST(Cubic, ATimeOutBeginsSlowStartAndForgetsThePlateau) {
  CubicTransfer t(100);
  t.cubic.on_timeout({.flight_size = 100 * kCubicMss, .now = t.now});
  EXPECT_EQ(t.cubic.cwnd(), kCubicMss);
  EXPECT_EQ(t.cubic.ssthresh(), 70 * kCubicMss);
  t.cubic.on_timeout({.flight_size = 100 * kCubicMss, .first = false, .now = t.now});
  EXPECT_EQ(t.cubic.ssthresh(), 70 * kCubicMss) << "RFC 5681 §3.1";
  while (t.segments() < 70) t.round_trip();
  const std::uint32_t before = t.segments();
  for (int i = 0; i < 5; ++i) t.round_trip();
  EXPECT_GE(t.segments(), before + 5 * (before / 20)) << "K = 0, and a twentieth at least (RFC 9438 §4.8)";
}

TEST(Cubic, AMistakeIsTakenBack) {
  CubicTransfer t(100);
  t.cubic.on_loss_detected(100 * kCubicMss, t.now);
  t.cubic.on_undo(100 * kCubicMss, CongestionController::kNoThreshold);
  EXPECT_EQ(t.cubic.cwnd(), 100 * kCubicMss);
  EXPECT_EQ(t.cubic.ssthresh(), CongestionController::kNoThreshold);
}

TEST(Cubic, TheCurveStandsStillWhileThereIsNothingToSend) {
  CubicTransfer paused(1000), steady(1000);
  for (CubicTransfer* t : {&paused, &steady}) {
    t->lose();
    t->round_trips_for(seconds(2));
  }
  paused.now += seconds(60);
  paused.cubic.on_flight_begins({.since_sent = seconds(60), .rto = seconds(100), .now = paused.now});
  for (CubicTransfer* t : {&paused, &steady}) t->round_trips_for(seconds(2));
  EXPECT_NEAR(paused.segments(), steady.segments(), 2);
}

TEST(Cubic, APauseFromBeforeTheCurveBeganMovesItNoFurtherThanToNow) {
  CubicTransfer t(1000);
  t.lose();
  t.round_trip();
  t.now += milliseconds(50);
  t.cubic.on_flight_begins({.since_sent = seconds(20), .rto = seconds(100), .now = t.now});
  t.round_trips_for(seconds(2));
  EXPECT_NEAR(t.segments(), w_cubic(2, 1000, 700), 10);
}

TEST(Cubic, DoesNotGrowAWindowThatIsNotUsed) {
  CubicTransfer t(100);
  t.lose();
  AckSample sample = t.sample();
  sample.app_limited = true;
  for (int i = 0; i < 1000; ++i) {
    sample.now += milliseconds(10);
    t.cubic.on_ack(sample);
  }
  EXPECT_EQ(t.segments(), 70u);
}

TEST(Cubic, HoldsDuringRecovery) {
  CubicTransfer t(100);
  t.cubic.on_loss_detected(100 * kCubicMss, t.now);
  AckSample sample = t.sample();
  sample.in_recovery = true;
  t.cubic.on_ack(sample);
  EXPECT_EQ(t.segments(), 70u);
}

TEST(Cubic, ALongTrainOfAcksEndsSlowStart) {
  CubicTransfer t(100);  // its acknowledgements are spread over all of the round trip
  t.round_trip();
  EXPECT_LT(t.cubic.ssthresh(), 160 * kCubicMss);
  EXPECT_GT(t.cubic.ssthresh(), 145 * kCubicMss) << "after half of it";
}

TEST(Cubic, LongerRoundTripsEndSlowStart) {
  CubicTransfer t(20);  // 5 ms between acknowledgements: no train
  t.round_trip();
  EXPECT_EQ(t.segments(), 40u);
  t.rtt = milliseconds(120);
  t.round_trip();
  EXPECT_LT(t.cubic.ssthresh(), 60 * kCubicMss);
}

TEST(Cubic, SlowStartAddsWhatIsAcknowledged) {
  CubicTransfer t(10);
  AckSample sample = t.sample();
  sample.acked_bytes = 100 * kCubicMss;
  t.cubic.on_ack(sample);
  EXPECT_EQ(t.segments(), 110u);
}

TEST(Cubic, AConnectionNeedsLittleMemoryForIt) { EXPECT_LE(sizeof(Cubic), 128u); }

}  // namespace
}  // namespace leat
