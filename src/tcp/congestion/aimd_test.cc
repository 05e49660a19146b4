#include "tcp/congestion/aimd.h"

#include <gtest/gtest.h>

#include "tcp/congestion/registry.h"
#include "tcp/testing/story.h"

namespace leat {
namespace {

constexpr std::uint32_t kAimdMss = 1000;

AckSample ack_of(std::uint32_t bytes) { return {.acked_bytes = bytes, .in_flight = bytes}; }

TEST(Aimd, BeginsWithOneSegmentAndAddsOneAnAck) {
  Aimd c({.mss = kAimdMss});
  EXPECT_EQ(c.cwnd(), kAimdMss);
  for (std::uint32_t i = 2; i < 100; ++i) {
    c.on_ack(ack_of(kAimdMss));
    EXPECT_EQ(c.cwnd(), i * kAimdMss);
  }
  EXPECT_EQ(c.ssthresh(), CongestionController::kNoThreshold) << "no slow start to leave";
}

TEST(Aimd, EachDuplicateAckHalvesItDownToOneSegment) {
  Aimd c({.mss = kAimdMss});
  for (int i = 0; i < 7; ++i) c.on_ack(ack_of(kAimdMss));
  c.on_duplicate_ack({});
  EXPECT_EQ(c.cwnd(), 4 * kAimdMss);
  c.on_duplicate_ack({});
  EXPECT_EQ(c.cwnd(), 2 * kAimdMss);
  for (int i = 0; i < 5; ++i) c.on_duplicate_ack({});
  EXPECT_EQ(c.cwnd(), kAimdMss);
}

TEST(Aimd, ATimeoutLeavesOneSegment) {
  Aimd c({.mss = kAimdMss});
  for (int i = 0; i < 7; ++i) c.on_ack(ack_of(kAimdMss));
  c.on_timeout({.flight_size = 8 * kAimdMss});
  EXPECT_EQ(c.cwnd(), kAimdMss);
}

TEST(Aimd, StaysBelowItsClamp) {
  Aimd c({.mss = kAimdMss, .cwnd_clamp = 3500});
  for (int i = 0; i < 10; ++i) c.on_ack(ack_of(kAimdMss));
  EXPECT_EQ(c.cwnd(), 3500u);
}

TEST(Aimd, AConnectionThatUsesItDoublesARoundTrip) {
  using namespace leat::testing;
  StoryConfig config;
  config.options.congestion_control = "aimd";
  config.mss = 1000;
  Story c(config);
  c.connect();
  EXPECT_EQ(c.connection().info().congestion_control, "aimd");
  c.write(100000);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 1000}}));
  c.recv({.seq = 1, .ack = 1001});
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1001, .ack = 1, .len = 2000}}));
  c.recv({.seq = 1, .ack = 2001});
  c.recv({.seq = 1, .ack = 3001});
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 3001, .ack = 1, .len = 4000}}));
  c.abort();
  c.all_sent();
}

}  // namespace
}  // namespace leat
