// Stories of peers that are broken, stingy or malicious: windows that shrink or never open, numbers that contradict
// each other, and connections that an attacker would like to keep open.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

void write_a_window(Story& c) {
  c.connect();
  c.write(14600);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 14600, .flags = "P"}}));
}

TEST(HostilePeer, AWindowClosedOverDataInFlightIsNoDeadPeer) {
  Story c;
  write_a_window(c);
  for (int i = 0; i < 40; ++i) {
    c.advance(120s);
    ASSERT_FALSE(c.all_sent().empty()) << c.so_far();
    c.recv({.seq = 1, .ack = 1, .win = 0});  // it took back what it had offered, and answers (RFC 9293 §3.8.6.1)
    ASSERT_EQ(c.state(), TcpState::established) << c.so_far();
  }
  c.advance(3h);
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  c.all_sent();
}

TEST(HostilePeer, AnAckStaysInsideAWindowThatShrank) {
  Story c;
  write_a_window(c);
  c.recv({.seq = 1, .ack = 1, .win = 8});
  c.recv({.seq = 1, .ack = 1, .len = 100, .win = 8});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1025, .ack = 101})) << "SND.NXT would be outside, and the ACK dropped";
  c.abort();
  EXPECT_EQ(c.sent(), (Seg{.seq = 1025, .ack = 101, .flags = "R"}));
}

TEST(HostilePeer, ARetransmissionIsCutToAWindowThatShrank) {
  Story c(without_sack());
  c.connect();
  c.write(10 * 1460);
  c.all_sent();
  c.advance(250ms);
  c.all_sent();
  c.recv({.seq = 1, .ack = 1461, .win = 8});  // 1024
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1461, .ack = 1, .len = 1024}}));
  c.recv({.seq = 1, .ack = 2485, .win = 16});  // 2048
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 2485, .ack = 1, .len = 2048}})) << "a whole one, and what fits";
  c.abort();
  c.all_sent();
}

TEST(HostilePeer, ScalingMayRoundAWindowDownWithoutShrinkingIt) {
  Story c;
  c.connect();
  c.write(1000);
  c.sent();
  c.recv({.seq = 1, .ack = 1, .win = 7});  // 896: 1000 rounded down (RFC 7323 §2.4)
  c.recv({.seq = 1, .ack = 1, .len = 100, .win = 7});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1001, .ack = 101}));
}

TEST(HostilePeer, AnOrphanBehindAClosedWindowEndsAlthoughThePeerAnswers) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write(1000);
  c.close();
  for (int i = 0; i < 60 && c.state() != TcpState::closed; ++i) {
    c.advance(30s);
    c.recv({.seq = 1, .ack = 1, .win = 0});
  }
  EXPECT_EQ(c.state(), TcpState::closed) << "or any peer could make us keep data for ever";
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  c.all_sent();
}

TEST(HostilePeer, AnOrphanWithDataUnderAClosedWindowEndsToo) {
  Story c;
  write_a_window(c);
  c.close();
  for (int i = 0; i < 60 && c.state() != TcpState::closed; ++i) {
    c.advance(30s);
    c.recv({.seq = 1, .ack = 1, .win = 0});
  }
  EXPECT_EQ(c.state(), TcpState::closed);
  c.all_sent();
}

TEST(HostilePeer, AnAckAtTheRightEdgeOfAFullWindowCounts) {
  StoryConfig config;
  config.options.receive_buffer = 4380;
  Story c(config);
  c.connect();
  c.write(1000);
  c.all_sent();
  c.recv({.seq = 1461, .ack = 1, .len = 2920});  // it filled our window, and the first segment was lost
  c.sent();
  c.recv({.seq = 4381, .ack = 1001});
  EXPECT_EQ(c.connection().info().unacked, 0u) << c.so_far();
}

TEST(HostilePeer, DataBehindAFinProvesTheFinWrong) {
  Story c;
  c.connect();
  c.recv({.seq = 101, .ack = 1, .flags = "F"});
  c.recv({.seq = 1, .ack = 1, .len = 300});
  c.all_sent();
  EXPECT_EQ(c.read(1000), 300);
  EXPECT_EQ(c.read(1000), -1 - static_cast<std::int64_t>(Error::would_block)) << "no end that no event told of";
  c.recv({.seq = 301, .ack = 1, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 302}));
  EXPECT_EQ(c.state(), TcpState::close_wait);
}

TEST(HostilePeer, WhatLiesBehindTheFinIsNotKept) {
  Story c;
  c.connect();
  c.recv({.seq = 301, .ack = 1, .len = 100});
  c.recv({.seq = 1, .ack = 1, .len = 100, .flags = "F"});
  c.all_sent();
  EXPECT_EQ(c.state(), TcpState::close_wait);
  EXPECT_EQ(c.read(1000), 100);
  EXPECT_EQ(c.pool().blocks_in_use(), 0u);
}

TEST(HostilePeer, AResetCannotSpoilAnOrderlyEnd) {
  Story c;
  c.connect();
  c.shutdown();
  c.sent();
  c.recv({.seq = 1, .ack = 2, .flags = "F"});
  c.sent();
  c.recv({.seq = 2, .flags = "R"});  // in the same batch, before the entry of TIME-WAIT takes over
  EXPECT_EQ(c.state(), TcpState::time_wait) << "RFC 1337 §3";
  EXPECT_EQ(c.connection().error(), Error::none);
}

TEST(HostilePeer, AResetDoesNotHideTheEndOfTheStream) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10, .flags = "F"});
  c.sent();
  c.recv({.seq = 12, .flags = "R"});  // the peer has closed and no longer knows the connection that our data belongs to
  EXPECT_EQ(c.connection().error(), Error::reset);
  EXPECT_EQ(c.read(100), 10);
  EXPECT_EQ(c.read(100), 0) << "everything has arrived";
  EXPECT_EQ(c.write(1), 0u);
}

TEST(HostilePeer, AcksOfTheFutureAndOfThePastAreChallengedRarely) {
  StoryConfig config;
  config.peer_scales = false;
  config.peer_window = 2000;
  Story c(config);
  c.connect();
  for (std::int64_t acked = 1; acked < 5001; acked += 1000) {
    c.write(1000);
    c.recv({.seq = 1, .ack = acked + 1000});
  }
  c.all_sent();
  EXPECT_EQ(c.recv({.seq = 1, .ack = 5002}).drop, DropReason::TCP_ACK_UNSENT_DATA);
  EXPECT_EQ(c.sent(), (Seg{.seq = 5001, .ack = 1}));
  c.advance(500ms);
  EXPECT_EQ(c.recv({.seq = 1, .ack = 3000}).drop, DropReason::TCP_TOO_OLD_ACK)
      << "more than a window ago (RFC 5961 §5)";
  EXPECT_EQ(c.sent(), (Seg{.seq = 5001, .ack = 1}));
  for (int i = 0; i < 100; ++i) c.recv({.seq = 1, .ack = 6000 + i});
  c.sent_nothing();
  EXPECT_EQ(c.recv({.seq = 1, .ack = 3001}).drop, std::nullopt) << "only late";
  EXPECT_EQ(c.recv({.seq = 1, .len = 10}).drop, DropReason::TCP_FLAGS) << "without ACK";
}

TEST(HostilePeer, ReadingInSmallPiecesSendsNoDuplicateAcks) {
  StoryConfig config;
  config.peer_scales = false;  // 64 kB is all that can be offered of 1 MB
  Story c(config);
  c.connect();
  for (std::int64_t i = 0; i < 20; ++i) c.recv({.seq = 1 + i * 1460, .ack = 1, .len = 1460});
  c.all_sent();
  for (int i = 0; i < 10; ++i) c.read(100);
  c.sent_nothing();
}

TEST(HostilePeer, DataDoesNotSwallowDuplicateAcksThatAPeerWithoutSackCounts) {
  StoryConfig config;
  config.peer_sack = false;
  Story c(config);
  c.connect();
  c.write(20000);
  c.all_sent();
  c.recv({.seq = 101, .ack = 1461, .len = 100});
  bool pure = false;
  for (const Seg& s : c.all_sent()) pure |= s.len == 0 && s.ack == 1;
  EXPECT_TRUE(pure) << c.so_far();
}

TEST(HostilePeer, AMillionDuplicateAcksAreNoLicence) {
  StoryConfig config;
  config.options.send_buffer = std::size_t{4} << 20;
  Story c(config);
  c.connect();
  c.write(std::size_t{4} << 20);
  c.all_sent();
  c.advance(210ms);  // the time-out; from now on duplicates start no fast retransmit (RFC 6582 §3.2)
  c.all_sent();
  for (int i = 0; i < 1000; ++i) c.recv({.seq = 1, .ack = 1});
  c.all_sent();
  const TcpInfo info = c.connection().info();
  EXPECT_LE(info.unacked, 2u * 14600u + info.snd_cwnd) << c.so_far();
}

}  // namespace
}  // namespace leat::testing
