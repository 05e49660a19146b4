#include "tcp/congestion/reno.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

constexpr std::uint32_t kRenoMss = 1000;
constexpr Instant kNow{std::chrono::seconds(5)};
constexpr Pause kLongPause{.since_sent = std::chrono::seconds(60), .rto = std::chrono::seconds(1)};

AckSample ack(std::uint32_t bytes, std::uint32_t in_flight = 1'000'000) {
  return {.acked_bytes = bytes, .in_flight = in_flight, .now = kNow};
}

/// A Reno at `cwnd` bytes in congestion avoidance, brought there by a loss.
struct Avoiding {
  Reno reno{{.mss = kRenoMss}};
  explicit Avoiding(std::uint32_t cwnd) {
    reno.on_loss_detected(2 * cwnd, kNow);
    reno.on_recovery_exit(kNow);
  }
};

TEST(InitialWindow, FollowsRfc6928) {
  EXPECT_EQ(initial_window(1460), 14'600u);
  EXPECT_EQ(initial_window(536), 5'360u);    // 10 MSS
  EXPECT_EQ(initial_window(8960), 17'920u);  // 2 MSS
  EXPECT_EQ(initial_window(2000), 14'600u);
  EXPECT_EQ(Reno({.mss = 1460}).cwnd(), 14'600u);
}

TEST(Reno, SlowStartAddsWhatIsAcknowledged) {
  Reno reno({.mss = kRenoMss});
  EXPECT_EQ(reno.cwnd(), 10'000u);
  EXPECT_EQ(reno.ssthresh(), CongestionController::kNoThreshold);
  for (int i = 0; i < 10; ++i) reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(reno.cwnd(), 20'000u);
  reno.on_ack(ack(2 * kRenoMss));
  EXPECT_EQ(reno.cwnd(), 22'000u);
  reno.on_ack(ack(1));  // splitting ACKs gains nothing (RFC 3465)
  EXPECT_EQ(reno.cwnd(), 22'001u);
  EXPECT_EQ(reno.pacing_rate(), std::nullopt);
}

TEST(Reno, SlowStartLimitsTheGrowthOfOneAck) {
  Reno reno({.mss = kRenoMss});
  reno.on_ack(ack(60'000));
  EXPECT_EQ(reno.cwnd(), 55'000u);
}

TEST(Reno, CongestionAvoidanceAddsOneSegmentAWindow) {
  Avoiding a(10'000);
  EXPECT_EQ(a.reno.cwnd(), 10'000u);
  for (int i = 0; i < 9; ++i) a.reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(a.reno.cwnd(), 10'000u);
  a.reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(a.reno.cwnd(), 11'000u);
  for (int i = 0; i < 10; ++i) a.reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(a.reno.cwnd(), 11'000u);
  a.reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(a.reno.cwnd(), 12'000u);
}

TEST(Reno, CongestionAvoidanceAddsAtMostOneSegmentAnAck) {
  Avoiding a(10'000);
  a.reno.on_ack(ack(500'000));
  EXPECT_EQ(a.reno.cwnd(), 11'000u);
  a.reno.on_ack(ack(1));  // what was too much is not saved up
  EXPECT_EQ(a.reno.cwnd(), 11'000u);
}

TEST(Reno, SlowStartStopsAtTheThresholdAndTheRestCounts) {
  Reno reno({.mss = kRenoMss});
  reno.on_timeout({.flight_size = 20'000});  // ssthresh 10000, cwnd 1000
  for (int i = 0; i < 8; ++i) reno.on_ack(ack(kRenoMss));
  reno.on_ack(ack(600));
  EXPECT_EQ(reno.cwnd(), 9'600u);
  reno.on_ack(ack(kRenoMss));  // 400 to the threshold; 600 of the next 10000
  EXPECT_EQ(reno.cwnd(), 10'000u);
  reno.on_ack(ack(9'399));
  EXPECT_EQ(reno.cwnd(), 10'000u);
  reno.on_ack(ack(1));
  EXPECT_EQ(reno.cwnd(), 11'000u);
}

TEST(Reno, HalvesOnLossAndHoldsDuringRecovery) {
  Reno reno({.mss = kRenoMss});
  reno.on_loss_detected(30'000, kNow);
  EXPECT_EQ(reno.ssthresh(), 15'000u);
  EXPECT_EQ(reno.cwnd(), 15'000u);
  AckSample partial = ack(5 * kRenoMss);
  partial.in_recovery = true;
  reno.on_ack(partial);
  EXPECT_EQ(reno.cwnd(), 15'000u);
  reno.on_recovery_exit(kNow);
  EXPECT_EQ(reno.cwnd(), 15'000u);
}

TEST(Reno, NeverSetsTheThresholdBelowTwoSegments) {
  Reno reno({.mss = kRenoMss});
  reno.on_loss_detected(1'500, kNow);
  EXPECT_EQ(reno.ssthresh(), 2'000u);
  EXPECT_EQ(reno.cwnd(), 2'000u);
  reno.on_timeout({.flight_size = 0});
  EXPECT_EQ(reno.ssthresh(), 2'000u);
  EXPECT_EQ(reno.cwnd(), 1'000u);
}

TEST(Reno, ATimeoutLeavesOneSegmentBesideWhatIsUnderWay) {
  Reno reno({.mss = kRenoMss});
  reno.on_timeout({.flight_size = 40'000});
  EXPECT_EQ(reno.cwnd(), 1'000u);
  EXPECT_EQ(reno.ssthresh(), 20'000u);
  reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(reno.cwnd(), 2'000u);
  reno.on_timeout({.flight_size = 2'000, .in_flight = 1'000});
  EXPECT_EQ(reno.cwnd(), 2'000u);
}

TEST(Reno, GoesBackWhenTheReductionWasAMistake) {
  Reno reno({.mss = kRenoMss});
  reno.on_loss_detected(10'000, kNow);
  reno.on_undo(10'000, CongestionController::kNoThreshold);
  EXPECT_EQ(reno.cwnd(), 10'000u);
  EXPECT_EQ(reno.ssthresh(), CongestionController::kNoThreshold);
}

TEST(Reno, SlowStartAfterATimeoutEndsAtTheThreshold) {
  Reno reno({.mss = kRenoMss});
  reno.on_timeout({.flight_size = 60'000});  // ssthresh 30000
  for (int i = 0; i < 29; ++i) reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(reno.cwnd(), 30'000u);
  for (int i = 0; i < 1000; ++i) reno.on_ack(ack(kRenoMss));
  reno.on_flight_begins(kLongPause);
  EXPECT_EQ(reno.cwnd(), 10'000u);
  reno.on_ack(ack(8 * kRenoMss));
  EXPECT_EQ(reno.cwnd(), 18'000u);
}

TEST(Reno, ALossStartsTheCountOfAvoidanceAgain) {
  Avoiding a(10'000);
  a.reno.on_ack(ack(9'000));
  a.reno.on_loss_detected(8'000, kNow);
  EXPECT_EQ(a.reno.cwnd(), 4'000u);
  a.reno.on_ack(ack(3'999));
  EXPECT_EQ(a.reno.cwnd(), 4'000u);

  Avoiding b(10'000);
  b.reno.on_ack(ack(9'000));
  b.reno.on_timeout({.flight_size = 4'000});  // ssthresh 2000
  b.reno.on_ack(ack(kRenoMss));
  b.reno.on_ack(ack(1'999));
  EXPECT_EQ(b.reno.cwnd(), 2'000u);
}

TEST(Reno, ARepeatedTimeoutHoldsTheThreshold) {
  Reno reno({.mss = kRenoMss});
  reno.on_timeout({.flight_size = 40'000});
  reno.on_timeout({.flight_size = 1'000, .first = false});
  reno.on_timeout({.flight_size = 1'000, .first = false});
  EXPECT_EQ(reno.ssthresh(), 20'000u);
  reno.on_ack(ack(kRenoMss));
  reno.on_timeout({.flight_size = 12'000});  // a new one
  EXPECT_EQ(reno.ssthresh(), 6'000u);
}

TEST(Reno, DoesNotGrowAWindowThatIsNotUsed) {
  Avoiding a(10'000);
  AckSample idle = ack(9 * kRenoMss, 9 * kRenoMss);
  idle.app_limited = true;
  for (int i = 0; i < 50; ++i) a.reno.on_ack(idle);
  EXPECT_EQ(a.reno.cwnd(), 10'000u);

  Reno starting({.mss = kRenoMss});
  AckSample little = ack(kRenoMss, 5 * kRenoMss);
  little.app_limited = true;
  starting.on_ack(little);  // half of 10 segments in flight: not more than half
  EXPECT_EQ(starting.cwnd(), 10'000u);
  little.in_flight = 6 * kRenoMss;
  starting.on_ack(little);
  EXPECT_EQ(starting.cwnd(), 11'000u);
}

TEST(Reno, RestartsFromTheInitialWindowAfterIdleness) {
  Avoiding a(40'000);
  a.reno.on_flight_begins(kLongPause);
  EXPECT_EQ(a.reno.cwnd(), 10'000u);
  EXPECT_EQ(a.reno.ssthresh(), 40'000u);  // more than 3/4 of the old window

  Reno fresh({.mss = kRenoMss});
  for (int i = 0; i < 10; ++i) fresh.on_ack(ack(kRenoMss));
  fresh.on_flight_begins(kLongPause);
  EXPECT_EQ(fresh.cwnd(), 10'000u);
  EXPECT_EQ(fresh.ssthresh(), CongestionController::kNoThreshold);

  Reno small({.mss = kRenoMss});
  small.on_timeout({.flight_size = 40'000});
  small.on_flight_begins(kLongPause);
  EXPECT_EQ(small.cwnd(), 1'000u);  // never up
}

TEST(Reno, HalvesItsWindowForEachRtoOfIdleness) {
  using std::chrono::milliseconds;
  const auto after = [](int idle) {
    Avoiding a(80'000);
    a.reno.on_flight_begins({.since_sent = milliseconds(idle), .rto = milliseconds(300)});
    return a.reno.cwnd();
  };
  EXPECT_EQ(after(300), 80'000u);
  EXPECT_EQ(after(301), 40'000u);
  EXPECT_EQ(after(600), 40'000u);
  EXPECT_EQ(after(601), 20'000u);
  EXPECT_EQ(after(901), 10'000u);
  EXPECT_EQ(after(100'000), 10'000u) << "RFC 5681 §4.1";
}

TEST(Reno, StaysUnderTheClamp) {
  Reno reno({.mss = kRenoMss, .cwnd_clamp = 12'500});
  for (int i = 0; i < 10; ++i) reno.on_ack(ack(kRenoMss));
  EXPECT_EQ(reno.cwnd(), 12'500u);
  EXPECT_EQ(Reno({.mss = kRenoMss, .cwnd_clamp = 1}).cwnd(), kRenoMss);  // one segment must always fit
}

TEST(Reno, FollowsANewMss) {
  Reno reno({.mss = kRenoMss});
  reno.on_timeout({.flight_size = 3'000});
  reno.on_mss_change(1'400);
  EXPECT_EQ(reno.cwnd(), 1'400u);
  EXPECT_EQ(reno.ssthresh(), 2'800u);
}

}  // namespace
}  // namespace leat
