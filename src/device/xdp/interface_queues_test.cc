#include "device/xdp/interface_queues.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::xdp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr InterfaceQueues kFive{5, 5, true};

std::string refusal(const XdpTarget& target, const InterfaceQueues& there, unsigned cores) {
  const auto shares = share_queues(target, there, cores);
  return shares ? "none" : shares.error().message;
}

TEST(InterfaceQueues, AreDealtToTheCoresInTurn) {
  EXPECT_THAT(*share_queues({"eth0", {}}, kFive, 1), ElementsAre(ElementsAre(0, 1, 2, 3, 4)));
  EXPECT_THAT(*share_queues({"eth0", {}}, kFive, 2), ElementsAre(ElementsAre(0, 2, 4), ElementsAre(1, 3)));
  EXPECT_EQ(share_queues({"eth0", {}}, kFive, 5)->size(), 5u);
  EXPECT_THAT(*share_queues({"eth0", 3u}, kFive, 1), ElementsAre(ElementsAre(3)));
}

TEST(InterfaceQueues, WhatThereIsNotIsRefused) {
  EXPECT_THAT(refusal({"eth0", {}}, kFive, 6), HasSubstr("`sudo ethtool -L eth0 combined 6`"));
  EXPECT_THAT(refusal({"eth0", {}}, {8, 1, false}, 2), HasSubstr("`sudo ethtool -L eth0 rx 2 tx 2`"));
  EXPECT_THAT(refusal({"eth0", 3u}, kFive, 2), HasSubstr("xdp:eth0:3 is one queue"));
  EXPECT_THAT(refusal({"eth0", 5u}, kFive, 1), HasSubstr("its queues are 0 to 4"));
  EXPECT_THAT(refusal({"eth0", 3u}, {8, 2, false}, 1), HasSubstr("receives only: use one below 2"));
  EXPECT_EQ(refusal({"eth0", {}}, {8, 1, false}, 1), "none");
  EXPECT_EQ(refusal({"eth0", 1u}, {8, 2, false}, 1), "none");
}

}  // namespace
}  // namespace leat::xdp
