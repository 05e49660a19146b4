#include "tcp/recv/ack_policy.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{std::chrono::hours(1)};

AckPolicy without_quick_acks() {
  AckPolicy p;
  for (int i = 0; i < AckPolicy::kQuickAcks; ++i) {
    p.on_data(1000, 1000, kStart + 40ms);
    EXPECT_EQ(p.owed(), 1);
    p.on_ack_sent();
  }
  return p;
}

TEST(AckPolicy, OneSegmentWaitsAndTheSecondDoesNot) {
  AckPolicy p = without_quick_acks();
  p.on_data(1000, 1000, kStart + 40ms);
  EXPECT_EQ(p.owed(), 0);
  EXPECT_EQ(p.deadline(), kStart + 40ms);
  p.on_data(1000, 1000, kStart + 1ms + 40ms);
  EXPECT_EQ(p.owed(), 1);
  p.on_ack_sent();
  EXPECT_EQ(p.owed(), 0);
  EXPECT_EQ(p.deadline(), kNever);
}

TEST(AckPolicy, TheDelayCountsFromTheFirstByte) {
  AckPolicy p = without_quick_acks();
  p.on_data(10, 10, kStart + 40ms);
  p.on_data(10, 10, kStart + 30ms + 40ms);
  EXPECT_FALSE(p.on_timer(kStart + 39ms));
  EXPECT_TRUE(p.on_timer(kStart + 40ms));
  EXPECT_EQ(p.owed(), 1);
}

TEST(AckPolicy, DataThatLeavesCarriesTheAck) {
  AckPolicy p = without_quick_acks();
  p.on_data(1000, 1000, kStart + 40ms);
  p.on_piggybacked();
  EXPECT_EQ(p.owed(), 0);
  EXPECT_EQ(p.deadline(), kNever);
}

TEST(AckPolicy, ASuperSegmentOfTwoIsAcknowledgedAtOnce) {
  AckPolicy p = without_quick_acks();
  p.on_data(2920, 1460, kStart + 40ms);
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
  p.on_data(1000, 1000, kStart + 40ms);
  p.on_ack_sent();
  for (int i = 0; i < 5; ++i) p.selective_ack();
  EXPECT_EQ(p.owed(), 3) << "after progress";
}

TEST(AckPolicy, DuplicatesNotSentYetAreMootWhenRcvNxtMoves) {
  AckPolicy p;
  for (int i = 0; i < 3; ++i) p.duplicate_ack();
  EXPECT_EQ(p.owed(), 3);
  p.on_data(4000, 1000, kStart + 40ms);
  EXPECT_EQ(p.owed(), 1) << "three more with the new number would look like a loss";
}

}  // namespace
}  // namespace leat
