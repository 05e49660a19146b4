// D-SACK reports of duplicates (RFC 2883): the cases that tests/scripts/dsack do not cover.
#include <gtest/gtest.h>

#include "tcp/testing/story.h"

namespace leat {
namespace {

using namespace leat::testing;

TEST(Dsack, DataDoesNotStandInForTheAckThatReports) {
  Story c;
  c.accept();
  c.recv({.seq = 1, .ack = 1, .len = 1000});
  c.sent();
  c.write(500);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1001, .len = 500, .flags = "P"}));
  EXPECT_EQ(c.write(300), 300u);  // waits, by Nagle
  c.recv({.seq = 501, .ack = 501, .len = 1000});
  EXPECT_EQ(c.sent(), (Seg{.seq = 501, .ack = 1501, .len = 300, .flags = "P"}));
  c.advance(40ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 801, .ack = 1501, .sack = {{501, 1001}}}));
}

TEST(Dsack, TheFinEndsTheReports) {
  Story c;
  c.accept();
  c.recv({.seq = 1, .ack = 1, .len = 1000});
  c.sent();
  c.recv({.seq = 501, .ack = 1, .len = 1000, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1502})) << "as Linux: SACK is over with the stream";
}

}  // namespace
}  // namespace leat
