#include "base/random.h"

#include <set>

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(Random, TheSeedDecidesEverything) {
  Random a(Seed{1, 2}), b(Seed{1, 2}), other(Seed{1, 3});
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t x = a.next();
    EXPECT_EQ(x, b.next());
    equal += x == other.next();
  }
  EXPECT_EQ(equal, 0);
}

TEST(Random, DoesNotRepeat) {
  Random random(Seed{});
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(random.next());
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(Random, BelowStaysBelowAndReachesEverything) {
  Random random(Seed{5, 5});
  int counts[7] = {};
  for (int i = 0; i < 70'000; ++i) {
    const std::uint32_t n = random.below(7);
    ASSERT_LT(n, 7u);
    ++counts[n];
  }
  for (int c : counts) EXPECT_NEAR(c, 10'000, 500);  // five standard deviations
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0u);
  std::uint32_t largest = 0;
  for (int i = 0; i < 100; ++i) largest = std::max(largest, random.below(0xffffffff));
  EXPECT_GT(largest, 0xe0000000u);
}

TEST(Random, ChanceHitsItsShare) {
  Random random(Seed{6, 6});
  int tenth = 0;
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
    tenth += random.chance(0.1);
  }
  EXPECT_NEAR(tenth, 10'000, 500);
}

TEST(Random, DerivedKeysDifferFromEachOtherAndFromTheStream) {
  Random random(Seed{7, 7});
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) {
    const SipKey key = random.derive_key();
    seen.insert({key.k0, key.k1, random.next()});
  }
  EXPECT_EQ(seen.size(), 300u);
}

}  // namespace
}  // namespace leat
