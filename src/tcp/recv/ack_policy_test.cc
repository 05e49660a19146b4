#include "tcp/recv/ack_policy.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr Instant kPolicyStart{std::chrono::hours(1)};

AckPolicy::Data data(std::uint32_t bytes, std::uint32_t segment, Duration at = {}) {
  return {.bytes = bytes,
          .segment = segment,
          .window = 1 << 20,
          .now = kPolicyStart + at,
          .delay = 40ms,
          .silence = std::chrono::seconds(1)};
}

AckPolicy without_quick_acks() {
  AckPolicy p;
  for (int i = 0; i < AckPolicy::kQuickAcks; ++i) {
    p.on_data(data(1000, 1000));
    EXPECT_EQ(p.owed(), 1);
    p.on_ack_sent();
  }
  return p;
}

TEST(AckPolicy, OneSegmentWaitsAndTheSecondDoesNot) {
  AckPolicy p = without_quick_acks();
  p.on_data(data(1000, 1000));
  EXPECT_EQ(p.owed(), 0);
  EXPECT_EQ(p.deadline(), kPolicyStart + 40ms);
  p.on_data(data(1000, 1000, 1ms));
  EXPECT_EQ(p.owed(), 1);
  p.on_ack_sent();
  EXPECT_EQ(p.owed(), 0);
  EXPECT_EQ(p.deadline(), kNever);
}

TEST(AckPolicy, DoesNotWaitForTheBatchWhereDataGetsLost) {
  AckPolicy p = without_quick_acks();
  p.on_data(data(2000, 1000));
  EXPECT_FALSE(p.hurries()) << "on a good path one ACK tells of the whole batch";
  p.on_ack_sent();
  p.selective_ack();
  EXPECT_TRUE(p.hurries());
  p.on_ack_sent();
  EXPECT_FALSE(p.hurries());
  for (int i = 0; i < 63; ++i) {
    p.on_data(data(1000, 1000));
    EXPECT_FALSE(p.hurries());
    p.on_data(data(1000, 1000));
    EXPECT_TRUE(p.hurries()) << i;
    p.on_ack_sent();
  }
  p.on_data(data(2000, 1000));
  EXPECT_FALSE(p.hurries()) << "nothing was lost for long";
}

TEST(AckPolicy, EndsOfWritesAreNoFullSegments) {
  AckPolicy p;
  p.set_interactive(true);
  AckPolicy::Data small = data(200, 200);
  small.push = true;
  for (int i = 0; i < 5; ++i) p.on_data(small);
  EXPECT_EQ(p.owed(), 0);
  p.on_data(small);
  EXPECT_EQ(p.owed(), 1) << "twice 536 bytes";
  p.on_ack_sent();
  p.on_data(data(100, 100));
  p.on_data(data(100, 100));
  EXPECT_EQ(p.owed(), 1) << "what has more behind it is full: a peer with a small MSS";
}

TEST(AckPolicy, WhoReadsMoreThanAFullSegmentAcknowledgesIt) {
  AckPolicy p;
  p.set_interactive(true);
  p.on_data(data(1000, 1000));
  p.on_read_empty();
  EXPECT_EQ(p.owed(), 0);
  p.on_data(data(10, 10));
  p.on_read_empty();
  EXPECT_EQ(p.owed(), 1);
}

TEST(AckPolicy, TheDelayCountsFromTheFirstByte) {
  AckPolicy p = without_quick_acks();
  p.on_data(data(10, 10));
  p.on_data(data(10, 10, 30ms));
  EXPECT_FALSE(p.on_timer(kPolicyStart + 39ms));
  EXPECT_TRUE(p.on_timer(kPolicyStart + 40ms));
  EXPECT_EQ(p.owed(), 1);
}

TEST(AckPolicy, DataThatLeavesCarriesTheAck) {
  AckPolicy p = without_quick_acks();
  p.on_data(data(1000, 1000));
  p.on_piggybacked();
  EXPECT_EQ(p.owed(), 0);
  EXPECT_EQ(p.deadline(), kNever);
}

TEST(AckPolicy, ASuperSegmentOfTwoIsAcknowledgedAtOnce) {
  AckPolicy p = without_quick_acks();
  p.on_data(data(2920, 1460));
  EXPECT_EQ(p.owed(), 1);
}

TEST(AckPolicy, TheFirstThreeSelectiveAcksGoOutEach) {
  AckPolicy p;
  for (int i = 0; i < 2; ++i) p.selective_ack();
  EXPECT_EQ(p.owed(), 2);
  for (int i = 0; i < 5; ++i) p.selective_ack();
  EXPECT_EQ(p.owed(), 3);
  while (p.owed() > 0) p.on_ack_sent();
  for (int i = 0; i < 5; ++i) p.selective_ack();
  EXPECT_EQ(p.owed(), 1) << "one a batch";
  p.on_data(data(1000, 1000));
  p.on_ack_sent();
  for (int i = 0; i < 5; ++i) p.selective_ack();
  EXPECT_EQ(p.owed(), 3) << "after progress";
}

TEST(AckPolicy, DuplicatesNotSentYetAreMootWhenRcvNxtMoves) {
  AckPolicy p;
  for (int i = 0; i < 3; ++i) p.duplicate_ack();
  EXPECT_EQ(p.owed(), 3);
  p.on_data(data(4000, 1000));
  EXPECT_EQ(p.owed(), 1) << "three more with the new number would look like a loss";
}

TEST(AckPolicy, ASmallWindowHasFewQuickAcks) {
  AckPolicy p;
  AckPolicy::Data small = data(1000, 1000);
  small.window = 6500;
  int quick = 0;
  for (; p.deadline() == kNever; ++quick) {
    p.on_data(small);
    if (p.owed() > 0) p.on_ack_sent();
  }
  EXPECT_EQ(quick, 3 + 1) << "half the segments of the window, and the one that waits";
}

TEST(AckPolicy, SilenceMakesItQuickAgain) {
  AckPolicy p = without_quick_acks();
  p.on_data(data(1000, 1000, 999ms));
  EXPECT_EQ(p.owed(), 0);
  p.on_ack_sent();
  p.on_data(data(1000, 1000, 2s));
  EXPECT_EQ(p.owed(), 1);
}

TEST(AckPolicy, AnAnswerMakesItInteractiveUntilADelayRunsOut) {
  AckPolicy p;
  p.on_data_sent(kPolicyStart, 40ms);
  EXPECT_FALSE(p.is_interactive()) << "nothing to answer yet";
  p.on_data(data(100, 100));
  EXPECT_EQ(p.owed(), 1);
  p.on_data_sent(kPolicyStart + 40ms, 40ms);
  EXPECT_FALSE(p.is_interactive()) << "too late for an answer";
  p.on_data_sent(kPolicyStart + 39ms, 40ms);
  EXPECT_TRUE(p.is_interactive());
  p.on_piggybacked();
  p.on_data(data(100, 100, 50ms));
  EXPECT_EQ(p.owed(), 0) << "though quick ACKs are left";
  EXPECT_TRUE(p.on_timer(kPolicyStart + 90ms));
  EXPECT_FALSE(p.is_interactive()) << "no answer came";
  p.on_ack_sent();
  p.on_data(data(100, 100, 100ms));
  EXPECT_EQ(p.owed(), 1);
}

TEST(AckPolicy, WhoReadsTheEndOfAWriteAcknowledgesIt) {
  AckPolicy p = without_quick_acks();
  p.on_data(data(1000, 1000));
  p.on_read_empty();
  EXPECT_EQ(p.owed(), 0) << "a full segment: more will follow";
  p.on_ack_sent();
  p.on_data(data(10, 10));
  p.on_read_empty();
  EXPECT_EQ(p.owed(), 1);
  p.on_ack_sent();
  AckPolicy::Data pushed = data(1000, 1000);
  pushed.push = true;
  p.on_data(pushed);
  p.on_read_empty();
  EXPECT_EQ(p.owed(), 1) << "a full one, but the last of a write";
  p.on_ack_sent();
  p.set_interactive(true);
  p.on_data(data(10, 10));
  p.on_read_empty();
  EXPECT_EQ(p.owed(), 0) << "the answer will carry it";
  p.on_data(data(10, 10));
  p.on_read_empty();
  EXPECT_EQ(p.owed(), 1) << "the second one in a row";
}

}  // namespace
}  // namespace leat
