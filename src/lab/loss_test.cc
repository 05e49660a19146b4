#include "lab/loss.h"

#include <gtest/gtest.h>

#include <limits>

#include "lab/testing/support.h"

namespace leat::lab {
namespace {

using testing::fetch_bytes;
using testing::send_datagrams;
using testing::serve_bytes;

constexpr std::size_t kSize = 3'000'000;

void fetch_from_far(const Lab& lab) {
  testing::expect_exchange(
      lab, kNear, [] { return fetch_bytes(Lab::kFarAddress, kSize); }, kFar, [] { return serve_bytes(kSize); });
}

TEST(LossTest, ReadsTheCountersInNftsListing) {
  const MiddleCounters counters = parse_counters(
      "table ip leat_lab {\n\tcounter seen_out {\n\t\tpackets 12 bytes 34\n\t}\n\n"
      "\tcounter lost_out {\n\t\tpackets 1 bytes 2\n\t}\n\tcounter super_segments {\n\t\tpackets 5 bytes 6\n\t}\n}\n");
  EXPECT_EQ(counters.seen_out, 12u);
  EXPECT_EQ(counters.lost_out, 1u);
  EXPECT_EQ(counters.seen_back, 0u);
  EXPECT_EQ(counters.super_segments, 5u);
}

TEST(LossTest, KnowsPercentages) {
  EXPECT_TRUE(is_percentage(0));
  EXPECT_TRUE(is_percentage(100));
  EXPECT_FALSE(is_percentage(-0.1));
  EXPECT_FALSE(is_percentage(100.1));
  EXPECT_FALSE(is_percentage(std::numeric_limits<double>::quiet_NaN()));
}

TEST(LossTest, MissesALossThatShouldHaveHappened) {
  const Loss loss{.out = 10, .back = 1};
  EXPECT_FALSE(loss_is_missing(loss, {}));
  EXPECT_FALSE(loss_is_missing(loss, {.seen_out = 200}));
  EXPECT_TRUE(loss_is_missing(loss, {.seen_out = 220}));
  EXPECT_FALSE(loss_is_missing(loss, {.seen_out = 220, .lost_out = 1}));
  EXPECT_FALSE(loss_is_missing(loss, {.seen_back = 2000}));
  EXPECT_TRUE(loss_is_missing(loss, {.seen_out = 220, .lost_out = 1, .seen_back = 2200}));
  EXPECT_FALSE(loss_is_missing({}, {.seen_out = 1'000'000, .seen_back = 1'000'000}));
}

// The bounds are at least 8 standard deviations wide.
TEST(LossTest, LosesTheShareAskedForInEachDirection) {
  LabConfig config;
  config.loss = {.out = 10, .back = 2.5};
  LEAT_LAB_OR_SKIP(lab, config);
  auto out = lab.run_inside(kNear, [] { return send_datagrams(Lab::kFarAddress, 4000); });
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_TRUE(out->wait().success());
  auto back = lab.run_inside(kFar, [] { return send_datagrams(Lab::kNearKernelAddress, 4000); });
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(back->wait().success());

  const auto counters = lab.counters();
  ASSERT_TRUE(counters) << counters.error().message;
  EXPECT_GT(counters->seen_out, 3000u);
  EXPECT_NEAR(static_cast<double>(counters->lost_out) / static_cast<double>(counters->seen_out), 0.10, 0.045);
  EXPECT_GT(counters->seen_back, 3000u);
  EXPECT_NEAR(static_cast<double>(counters->lost_back) / static_cast<double>(counters->seen_back), 0.025, 0.024);
}

TEST(LossTest, LosesSingleWireFramesOfAStream) {
  LabConfig config;
  config.loss = {.out = 1, .back = 1};
  LEAT_LAB_OR_SKIP(lab, config);
  fetch_from_far(lab);
  const auto counters = lab.counters();
  ASSERT_TRUE(counters) << counters.error().message;
  EXPECT_EQ(counters->super_segments, 0u);
  EXPECT_GE(counters->seen_back, kSize / 1460);
  EXPECT_GT(counters->lost_back, 0u);
}

TEST(LossTest, LeavesOffloadsOnWithoutLoss) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  fetch_from_far(lab);
  const auto counters = lab.counters();
  ASSERT_TRUE(counters) << counters.error().message;
  EXPECT_GT(counters->super_segments, 0u);
  EXPECT_LT(counters->seen_back, kSize / 1460);
  EXPECT_EQ(counters->lost_out + counters->lost_back, 0u);
}

TEST(LossTest, ChangesWhileTheLabRuns) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  const auto send = [&lab] {
    auto sender = lab.run_inside(kNear, [] { return send_datagrams(Lab::kFarAddress, 100); });
    return sender && sender->wait().success();
  };
  ASSERT_TRUE(lab.set_loss({.out = 100, .back = 0}));
  ASSERT_TRUE(send());
  const auto all = lab.counters();
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->seen_out, 100u);
  EXPECT_EQ(all->lost_out, 100u);

  ASSERT_TRUE(lab.set_loss({}));
  ASSERT_TRUE(send());
  const auto none = lab.counters();
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->seen_out, 200u);
  EXPECT_EQ(none->lost_out, 100u);
  EXPECT_FALSE(lab.set_loss({.out = 101, .back = 0}));
}

}  // namespace
}  // namespace leat::lab
