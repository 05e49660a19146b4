#include "tcp/engine/flow_table.h"

#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace leat {
namespace {

FlowRef conn(std::uint32_t slot) { return {FlowKind::connection, slot}; }
auto is(FlowRef want) {
  return [want](FlowRef f) { return f == want; };
}

TEST(FlowTable, OwnsNothingWhileEmpty) {
  FlowTable table(100);
  EXPECT_EQ(table.memory(), 0u);
  EXPECT_EQ(table.find(1, is(conn(1))), std::nullopt);
  EXPECT_FALSE(table.erase(1, conn(1)));
  EXPECT_FALSE(table.replace(1, conn(1), conn(2)));
  ASSERT_TRUE(table.insert(1, conn(1)));
  EXPECT_GT(table.memory(), 0u);
  EXPECT_TRUE(table.erase(1, conn(1)));
  EXPECT_EQ(table.memory(), 0u);
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, ComparesTheKeyOnlyWhenTheWholeHashIsEqual) {
  FlowTable table(100);
  ASSERT_TRUE(table.insert(0x10, conn(0)));        // slot 0 is a slot like any other
  ASSERT_TRUE(table.insert(0x10, conn(1)));        // the same hash, another key
  ASSERT_TRUE(table.insert(0xffff0010, conn(2)));  // the same home only
  std::vector<std::uint32_t> asked;
  const auto found = table.find(0x10, [&](FlowRef f) {
    asked.push_back(f.slot);
    return f.slot == 1;
  });
  EXPECT_EQ(found, conn(1));
  EXPECT_EQ(asked, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(table.find(0x10, is(conn(2))), std::nullopt);
}

TEST(FlowTable, KeepsKindAndTheLargestSlot) {
  FlowTable table(10);
  for (FlowKind kind : {FlowKind::connection, FlowKind::half_open, FlowKind::time_wait}) {
    const FlowRef flow{kind, FlowRef::kMaxSlot};
    ASSERT_TRUE(table.insert(7, flow));
    EXPECT_EQ(table.find(7, is(flow)), flow);
  }
  EXPECT_TRUE(table.erase(7, {FlowKind::half_open, FlowRef::kMaxSlot}));
  EXPECT_EQ(table.size(), 2u);
}

TEST(FlowTable, ReplacesInPlace) {
  FlowTable table(1);
  ASSERT_TRUE(table.insert(7, conn(5)));
  EXPECT_FALSE(table.replace(7, conn(6), {FlowKind::time_wait, 1}));
  EXPECT_TRUE(table.replace(7, conn(5), {FlowKind::time_wait, 1}));  // although the table is full
  EXPECT_EQ(table.find(7, is(conn(5))), std::nullopt);
  EXPECT_EQ(table.find(7, is({FlowKind::time_wait, 1})), (FlowRef{FlowKind::time_wait, 1}));
}

TEST(FlowTable, RefusesMoreThanItsMaximum) {
  FlowTable table(3);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(table.insert(i, conn(i)));
  EXPECT_TRUE(table.full());
  EXPECT_FALSE(table.insert(9, conn(9)));
  EXPECT_EQ(table.size(), 3u);
  EXPECT_TRUE(table.erase(1, conn(1)));
  EXPECT_TRUE(table.insert(9, conn(9)));
}

// Runs that wrap around the end of the block, erased in every order.
TEST(FlowTable, BackwardShiftKeepsRunsThatWrap) {
  const std::vector<std::uint32_t> hashes = {62, 62, 63, 62, 0, 63, 1};  // a block of 64
  for (std::uint32_t first = 0; first < hashes.size(); ++first) {
    for (std::uint32_t second = 0; second < hashes.size(); ++second) {
      if (first == second) continue;
      FlowTable table(100);
      for (std::uint32_t i = 0; i < hashes.size(); ++i) ASSERT_TRUE(table.insert(hashes[i], conn(i)));
      ASSERT_TRUE(table.erase(hashes[first], conn(first)));
      ASSERT_TRUE(table.erase(hashes[second], conn(second)));
      for (std::uint32_t i = 0; i < hashes.size(); ++i) {
        const bool gone = i == first || i == second;
        ASSERT_EQ(table.find(hashes[i], is(conn(i))).has_value(), !gone) << first << ", " << second << ", " << i;
      }
    }
  }
}

TEST(FlowTable, GrowsAndShrinksWithoutLosingAFlow) {
  constexpr std::uint32_t kFlows = 98'000;
  FlowTable table(kFlows);
  const auto hash = [](std::uint32_t i) { return i * 2654435761u; };
  for (std::uint32_t i = 0; i < kFlows; ++i) {
    ASSERT_TRUE(table.insert(hash(i), conn(i)));
    // Old ones are found while the table is on the move.
    ASSERT_TRUE(table.find(hash(i / 2), is(conn(i / 2))).has_value()) << i;
  }
  EXPECT_LE(table.memory(), 131'072u * 8);
  for (std::uint32_t i = 0; i < kFlows; ++i) ASSERT_TRUE(table.find(hash(i), is(conn(i))).has_value()) << i;
  for (std::uint32_t i = 0; i + 100 < kFlows; ++i) {
    ASSERT_TRUE(table.erase(hash(i), conn(i))) << i;
    ASSERT_FALSE(table.find(hash(i), is(conn(i))).has_value()) << i;
    ASSERT_TRUE(table.find(hash(i + 99), is(conn(i + 99))).has_value()) << i;
  }
  EXPECT_EQ(table.size(), 100u);
  EXPECT_LE(table.memory(), 2048u * 8);
}

// 8 bits of hash only, so that collisions and long runs are the rule.
TEST(FlowTable, AgreesWithAMapUnderRandomOperations) {
  for (std::uint32_t mask : {0xffu, 0xffffffffu}) {
    Random random(Seed{mask, 1});
    FlowTable table(3000);
    std::unordered_map<std::uint32_t, std::uint32_t> model;  // slot -> hash
    for (int step = 0; step < 60'000; ++step) {
      const std::uint32_t slot = random.below(4000);
      const bool grow = step / 15'000 % 2 == 0;
      const auto there = model.find(slot);
      if (there == model.end()) {
        if (!grow && random.below(8) != 0) continue;
        const std::uint32_t hash = random.next32() & mask;
        const bool added = table.insert(hash, conn(slot));
        ASSERT_EQ(added, model.size() < 3000);
        if (added) model.emplace(slot, hash);
      } else {
        ASSERT_EQ(table.find(there->second, is(conn(slot))), conn(slot));
        ASSERT_EQ(table.find(there->second ^ 1, is(conn(slot))), std::nullopt);
        if (grow && random.below(4) != 0) continue;
        ASSERT_TRUE(table.erase(there->second, conn(slot)));
        ASSERT_FALSE(table.erase(there->second, conn(slot)));
        model.erase(there);
      }
      ASSERT_EQ(table.size(), model.size());
      if (step % 5000 == 0) {
        for (const auto& [s, h] : model) ASSERT_EQ(table.find(h, is(conn(s))), conn(s));
      }
    }
  }
}

}  // namespace
}  // namespace leat
