// Urgent data, RFC 9293 §3.8.5: it stays in the stream; what is special is that both ends know how far it reaches.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

TEST(Urgent, ThePointerLeadsBehindTheUrgentData) {
  Story c;
  c.connect();
  c.write_urgent(5);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 5, .flags = "PU", .urg = 5}));
  c.recv({.seq = 1, .ack = 6});
  c.write(5);
  EXPECT_EQ(c.sent(), (Seg{.seq = 6, .ack = 1, .len = 5, .flags = "P"})) << "urgent no more";
  c.recv({.seq = 1, .ack = 11});
}

TEST(Urgent, AnyLengthIsAnnouncedInEachSegmentUntilItIsAcknowledged) {
  StoryConfig config;
  config.connection.max_burst = 64000;
  Story c(config);
  c.connect();
  c.write_urgent(3000);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460, .flags = "U", .urg = 3000}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 1461, .ack = 1, .len = 1460, .flags = "U", .urg = 1540}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 2921, .ack = 1, .len = 80, .flags = "PU", .urg = 80}));
  c.recv({.seq = 1, .ack = 1461, .len = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 3001, .ack = 2})) << "behind it there is nothing urgent";
  c.recv({.seq = 2, .ack = 3001});
}

TEST(Urgent, FurtherAheadThanThePointerReachesItSaysAsFarAsItCan) {
  StoryConfig config;
  config.peer_window = 2;  // << 7
  Story c(config);
  c.connect();
  c.write_urgent(100000);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 256, .flags = "U", .urg = 65535}));
  c.abort();
  c.all_sent();
}

TEST(Urgent, AClosedWindowDoesNotKeepItSecret) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write_urgent(10);
  c.advance(300ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1, .flags = "U", .urg = 11})) << "the window probe tells";
  c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "PU", .urg = 10}));
  c.recv({.seq = 1, .ack = 11});
}

TEST(Urgent, TheUserIsToldAndMayAskHowMuchIsLeft) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10, .flags = "U", .urg = 4});
  c.sent();
  EXPECT_TRUE(c.events() & kEventUrgent);
  EXPECT_TRUE(c.connection().readiness() & kEventUrgent);
  EXPECT_EQ(c.connection().info().urgent, 4u);
  EXPECT_EQ(c.read(3), 3);
  EXPECT_EQ(c.connection().info().urgent, 1u);
  EXPECT_EQ(c.read(100), 7) << "it stays in the stream";
  EXPECT_EQ(c.connection().info().urgent, 0u);
  EXPECT_FALSE(c.connection().readiness() & kEventUrgent);
}

TEST(Urgent, IsAnnouncedBeforeItsDataArrives) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 1000});
  EXPECT_TRUE(c.events() & kEventUrgent);
  EXPECT_EQ(c.connection().info().urgent, 1000u);
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 1000});
  EXPECT_FALSE(c.events() & kEventUrgent) << "nothing new";
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 1001});
  EXPECT_TRUE(c.events() & kEventUrgent) << "the pointer moved on";
  c.recv({.seq = 1, .ack = 1, .flags = "U", .urg = 500});
  EXPECT_EQ(c.connection().info().urgent, 1001u) << "and never back";
}

TEST(Urgent, APointerToWhatWasReadIsNoNews) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 100});
  EXPECT_EQ(c.read(100), 100);
  c.all_sent();
  c.events();
  c.recv({.seq = 101, .ack = 1, .flags = "U", .urg = 0});
  EXPECT_FALSE(c.events() & kEventUrgent);
  EXPECT_EQ(c.connection().info().urgent, 0u);
}

}  // namespace
}  // namespace leat::testing
