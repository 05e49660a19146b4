#include "tcp/engine/port_use.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(PortUse, APortIsUnusedWhenItsLastUserIsGone) {
  PortUse use;
  use.enable();
  use.add(80), use.add(80), use.add(443);
  use.remove(80);
  EXPECT_TRUE(use.is_used(80));
  EXPECT_EQ(use.next_unused(), std::nullopt);
  use.remove(80);
  EXPECT_FALSE(use.is_used(80));
  EXPECT_EQ(use.next_unused(), 80);
  EXPECT_EQ(use.next_unused(), std::nullopt);
  EXPECT_TRUE(use.is_used(443));
}

TEST(PortUse, OneThatIsUsedAgainIsNotTold) {
  PortUse use;
  use.enable();
  use.add(80);
  use.remove(80);
  use.add(80);
  EXPECT_EQ(use.next_unused(), std::nullopt);
  use.remove(80);
  EXPECT_EQ(use.next_unused(), 80);
  EXPECT_EQ(use.next_unused(), std::nullopt);
}

TEST(PortUse, TellsNothingUntilItIsEnabled) {
  PortUse use;
  use.add(80);
  EXPECT_TRUE(use.is_used(80));
  EXPECT_FALSE(use.is_used(81));
  use.remove(80);
  EXPECT_FALSE(use.is_used(80));
  EXPECT_EQ(use.next_unused(), std::nullopt);
}

}  // namespace
}  // namespace leat
