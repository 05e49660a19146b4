// Stories of the handshake's corner cases: data and FIN on its segments, lost segments, and segments that do not
// belong.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

TEST(ConnectionOpenCorners, DataAndFinMayRideOnTheThirdAck) {
  Story c;
  c.accept_half();
  c.recv({.seq = 1, .ack = 1, .len = 100, .flags = "FP"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 102}));
  EXPECT_EQ(c.state(), TcpState::close_wait);
  EXPECT_EQ(c.events(), kEventConnected | kEventWritable | kEventReadable | kEventPeerClosed);
  EXPECT_EQ(c.read(1000), 100);
  EXPECT_EQ(c.read(1000), 0);
}

TEST(ConnectionOpenCorners, DataStandsForAThirdAckThatWasLost) {
  Story c;
  c.accept_half();
  c.recv({.seq = 101, .ack = 1, .len = 100});
  EXPECT_EQ(c.state(), TcpState::established);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .sack = {{101, 201}}}));
  c.recv({.seq = 1, .ack = 1, .len = 100});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 201}));
}

TEST(ConnectionOpenCorners, ASynAckThatComesAgainIsAcknowledgedAgain) {
  Story c;
  c.connect();
  c.recv({.seq = 0, .ack = 1, .flags = "S"});  // our ACK was lost
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
  EXPECT_EQ(c.state(), TcpState::established);
}

TEST(ConnectionOpenCorners, ASynOfAnotherIncarnationLearnsThatWeAreHalfOpen) {
  Story c;
  c.accept_half();
  c.recv({.seq = -100000, .flags = "S"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1})) << "the peer will answer by a RST and try again";
  c.recv({.seq = 1, .flags = "R"});
  EXPECT_EQ(c.state(), TcpState::closed);
}

TEST(ConnectionOpenCorners, ASynInsideTheWindowLeadsBackToListen) {
  Story c;
  c.accept_half();
  c.recv({.seq = 5000, .flags = "S"});
  EXPECT_EQ(c.state(), TcpState::closed);
}

TEST(ConnectionOpenCorners, HalfOpenEndsAfterFiveRetries) {
  Story c;
  c.accept_half();
  c.advance(62s);
  EXPECT_EQ(c.all_sent().size(), 5u);
  EXPECT_EQ(c.state(), TcpState::syn_received);
  c.advance(1s);
  EXPECT_EQ(c.state(), TcpState::closed);
}

TEST(ConnectionOpenCorners, TheWindowOfACrossingSynAckIsNotScaled) {
  Story c;
  c.open_active();
  c.sent();
  c.recv({.seq = 0, .flags = "S", .win = 1000});
  c.sent();
  c.write(5000);
  c.recv({.seq = 0, .ack = 1, .flags = "S", .win = 1000});
  EXPECT_EQ(c.connection().info().snd_wnd, 1000u) << "RFC 7323 §2.2";
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 1000}}));
}

TEST(ConnectionOpenCorners, FinBehindDataThatDidNotFitOnTheSynAckWaits) {
  StoryConfig config;
  config.options.receive_buffer = 4380;
  Story c(config);
  c.open_active();
  c.sent();
  c.recv({.seq = 0, .ack = 1, .len = 5000, .flags = "SF"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 4381, .win = 0}));
  EXPECT_EQ(c.state(), TcpState::established);
  EXPECT_EQ(c.read(5000), 4380);
  c.sent();
  c.recv({.seq = 4381, .ack = 1, .len = 620, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 5002}));
  EXPECT_EQ(c.state(), TcpState::close_wait);
  EXPECT_EQ(c.read(5000), 620);
}

TEST(ConnectionOpenCorners, ShutdownBeforeTheHandshakeIsOverSendsDataAndFin) {
  Story c;
  c.open_active();
  c.sent();
  c.write(10);
  c.shutdown();
  c.sent_nothing();
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "FP"}));
  EXPECT_EQ(c.state(), TcpState::fin_wait_1);
}

TEST(ConnectionOpenCorners, CloseInSynSentIsSilent) {
  Story c;
  c.open_active();
  c.sent();
  c.close();
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().next_deadline(), kNever);
}

TEST(ConnectionOpenCorners, APeerThatOffersNoMssGets536) {
  Story c;
  c.peer_options = {};
  c.connect();
  EXPECT_EQ(c.connection().info().snd_mss, 536u);
  EXPECT_FALSE(c.connection().info().window_scaling);
  EXPECT_FALSE(c.connection().info().sack);
}

TEST(ConnectionOpenCorners, NoSegmentIsLargerThanAVeryNarrowPathTakes) {
  StoryConfig config;
  config.mss = 28;  // an MTU of 68
  Story c(config);
  c.connect();
  EXPECT_EQ(c.connection().info().snd_mss, 28u);
}

TEST(ConnectionOpenCorners, AfterTwoLostSynsTheInitialWindowIsOneSegment) {
  Story c;
  c.open_active();
  c.advance(3s);
  EXPECT_EQ(c.all_sent().size(), 3u);
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  c.sent();
  EXPECT_EQ(c.connection().info().snd_cwnd, 1460u) << "RFC 6928 §2";
  EXPECT_EQ(c.connection().info().rto, 3s) << "RFC 6298 §5.7";
}

}  // namespace
}  // namespace leat::testing
