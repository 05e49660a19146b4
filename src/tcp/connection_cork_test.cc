// A partial segment waits for the cork (TCP_CORK), the rest of a write (MSG_MORE) or Nagle. Tests what holds and sends
// it.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

constexpr auto kCork = [](TcpSettings& o) { o.cork = true; };
constexpr auto kUncork = [](TcpSettings& o) { o.cork = false; };

TEST(Cork, OnlyFullSegmentsLeaveUntilItIsDrawn) {
  Story c;
  c.connect();
  c.set(kCork);
  c.write(1000);
  c.sent_nothing();
  c.write(1000);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.sent_nothing();
  c.set(kUncork);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1461, .ack = 1, .len = 540, .flags = "P"}));
  c.recv({.seq = 1, .ack = 2001});
}

TEST(Cork, HoldsNothingForLongerThanAWindowProbeWouldTake) {
  Story c;
  c.connect();
  c.set(kCork);
  c.write(10);
  c.advance(100ms);
  c.write(10);
  EXPECT_EQ(c.connection().info().rto, 210ms) << "200 ms and the round trip";
  c.advance(109ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 20, .flags = "P"})) << "from the first byte";
  EXPECT_TRUE(c.notes().empty()) << "no window held it";
  c.write(10);
  c.advance(50ms);
  c.sent_nothing();  // something is in flight: its ACK or its loss comes first
  c.recv({.seq = 1, .ack = 21});
  c.advance(200ms);
  c.sent_nothing();
  c.advance(200ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 21, .ack = 1, .len = 10, .flags = "P"}));
  c.recv({.seq = 1, .ack = 31});
}

TEST(Cork, AnAckDoesNotDrawIt) {
  Story c;
  c.connect();
  c.set(kCork);
  c.write(1500);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.recv({.seq = 1, .ack = 1461});
  c.sent_nothing();
  c.set(kUncork);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1461, .ack = 1, .len = 40, .flags = "P"}));
  c.recv({.seq = 1, .ack = 1501});
}

TEST(Cork, TheEndOfTheStreamGoesThrough) {
  Story c;
  c.connect();
  c.set(kCork);
  c.write(10);
  c.shutdown();
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "FP"}));
  c.recv({.seq = 1, .ack = 12});
}

TEST(Cork, UrgentDataGoesThrough) {
  Story c;
  c.connect();
  c.set(kCork);
  c.write_urgent(10);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "PU", .urg = 10}));
  c.recv({.seq = 1, .ack = 11});
}

TEST(Cork, NodelayPushesWhatWaitsAndNothingLater) {
  Story c;
  c.connect();
  c.set(kCork);
  c.write(10);
  c.sent_nothing();
  c.set([](TcpSettings& o) { o.nodelay = true; });
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"})) << "although corked (as Linux)";
  c.write(10);
  c.sent_nothing();
  c.set(kUncork);
  EXPECT_EQ(c.sent(), (Seg{.seq = 11, .ack = 1, .len = 10, .flags = "P"}));
  c.recv({.seq = 1, .ack = 21});
}

TEST(Cork, FromTheSettingsItIsThereFromTheStart) {
  StoryConfig config;
  config.options.cork = true;
  Story c(config);
  c.accept();
  c.write(10);
  c.sent_nothing();
  c.advance(210ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"}));
  c.recv({.seq = 1, .ack = 11});
}

TEST(Nagle, SwitchedOffLetsGoWhatItHeld) {
  Story c;
  c.connect();
  c.write(10);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"}));
  c.write(10);
  c.sent_nothing();
  c.set([](TcpSettings& o) { o.nodelay = true; });
  EXPECT_EQ(c.sent(), (Seg{.seq = 11, .ack = 1, .len = 10, .flags = "P"}));
  c.recv({.seq = 1, .ack = 21});
}

TEST(MoreToCome, WaitsForTheRestAndHasNoPush) {
  Story c;
  c.connect();
  c.write_more(1000);
  c.sent_nothing();
  c.write_more(460);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460})) << "a full segment, but no end of a write";
  c.write_more(100);
  c.sent_nothing();
  c.write(100);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1461, .ack = 1, .len = 200, .flags = "P"}));
  c.recv({.seq = 1, .ack = 1661});
}

TEST(MoreToCome, IsNotWaitedForBeyondTheNextAck) {
  Story c;
  c.connect();
  c.write(1460);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460, .flags = "P"}));
  c.write_more(100);
  c.sent_nothing();
  c.recv({.seq = 1, .ack = 1461});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1461, .ack = 1, .len = 100}));
  c.recv({.seq = 1, .ack = 1561});
}

/// A send buffer that never holds a whole segment.
StoryConfig small_buffer() {
  StoryConfig config;
  config.mss = 9000;
  config.options.send_buffer = 4096;
  return config;
}

TEST(MoreToCome, IsNotWaitedForWhenTheBufferIsFull) {
  Story c(small_buffer());
  c.connect();
  EXPECT_EQ(c.write_more(20'000), 4096u);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 4096, .flags = "P"}));
  c.recv({.seq = 1, .ack = 4097});
  EXPECT_TRUE(c.events() & kEventWritable);
  EXPECT_EQ(c.write_more(4000), 4000u);
  c.sent_nothing();  // there is room for more
  EXPECT_EQ(c.write_more(96), 96u);
  EXPECT_EQ(c.sent(), (Seg{.seq = 4097, .ack = 1, .len = 4096, .flags = "P"})) << "exactly full";
  c.recv({.seq = 1, .ack = 8193});
}

TEST(Cork, HoldsNothingOfAFullBuffer) {
  Story c(small_buffer());
  c.connect();
  c.set(kCork);
  c.write(1000);
  c.sent_nothing();
  EXPECT_EQ(c.write(20'000), 3096u);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 4096, .flags = "P"}));
  c.recv({.seq = 1, .ack = 4097});
}

TEST(Cork, HoldsNothingWhenNoMoreMayWaitToBeSent) {
  StoryConfig config = small_buffer();
  config.options.send_buffer = 1 << 20;
  config.options.notsent_lowat = 4096;
  Story c(config);
  c.connect();
  c.set(kCork);
  c.write(4000);
  c.sent_nothing();
  c.write(500);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 4500, .flags = "P"}));
  c.recv({.seq = 1, .ack = 4501});
}

TEST(Cork, KeepsTheRestOfABufferThatHoldsSegments) {
  StoryConfig config;
  config.options.send_buffer = 4096;
  Story c(config);
  c.connect();
  c.set(kCork);
  EXPECT_EQ(c.write(20'000), 4096u);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 2920}}));
  c.recv({.seq = 1, .ack = 2921});
  EXPECT_TRUE(c.events() & kEventWritable) << "the writer fills it up";
  EXPECT_EQ(c.write(284), 284u);
  EXPECT_EQ(c.sent(), (Seg{.seq = 2921, .ack = 1, .len = 1460, .flags = "P"}));
  c.recv({.seq = 1, .ack = 4381});
}

TEST(MoreToCome, IsNotWaitedForForEver) {
  Story c;
  c.connect();
  c.write_more(100);
  c.advance(209ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 100, .flags = "P"}));
  c.recv({.seq = 1, .ack = 101});
}

}  // namespace
}  // namespace leat::testing
