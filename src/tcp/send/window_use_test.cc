#include "tcp/send/window_use.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(WindowUse, RemembersTheMostOfARoundTrip) {
  WindowUse use;
  use.note(1, 1001, 1000, false);
  use.note(1, 5001, 5000, false);
  use.note(4001, 6001, 2000, false);
  EXPECT_EQ(use.peak(), 5000u);
  use.note(5001, 7001, 2000, false);  // what was sent with the peak has been acknowledged
  EXPECT_EQ(use.peak(), 2000u);
  EXPECT_FALSE(use.full());
}

TEST(WindowUse, OnceFullIsFullForTheRoundTrip) {
  WindowUse use;
  use.note(1, 10001, 10000, true);
  use.note(8001, 11001, 3000, false);
  EXPECT_TRUE(use.full());
  EXPECT_EQ(use.peak(), 10000u);
  use.note(10001, 12001, 2000, false);
  EXPECT_FALSE(use.full());
}

}  // namespace
}  // namespace leat
