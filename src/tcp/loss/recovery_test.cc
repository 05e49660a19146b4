// Stories of loss: RFC 6298's timer, RFC 5681's fast retransmit, RFC 6582's partial acknowledgements.
#include "tcp/loss/recovery.h"

#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

Story& with_window_out(Story& c) {
  c.connect();
  c.write(14600);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 14600, .flags = "P"}}));
  return c;
}

TEST(Timeout, RetransmitsOneSegmentAndBacksOff) {
  WithoutSack c;
  with_window_out(c);
  c.advance(210ms);  // RTT 10 ms: RTO 10 + 200
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.advance(420ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.advance(839ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  EXPECT_EQ(c.connection().info().snd_cwnd, 1460u);
  EXPECT_EQ(c.connection().info().snd_ssthresh, 10220u);
  EXPECT_EQ(c.connection().info().total_retrans, 3u);
}

TEST(Timeout, SlowStartsThroughWhatWasOutstanding) {
  WithoutSack c;
  with_window_out(c);
  c.advance(210ms);
  c.sent();
  c.recv({.seq = 1, .ack = 1461});
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1461, .ack = 1, .len = 2920}}));
  c.recv({.seq = 1, .ack = 14601});  // the rest had arrived all along
  c.advance(5s);
  c.sent_nothing();
}

TEST(Timeout, KarnNoSampleFromARetransmittedSegment) {
  WithoutSack c;
  c.connect();
  c.write(100);
  c.sent();
  c.advance(210ms);
  c.sent();
  const Duration before = c.connection().info().rtt;
  c.advance(100ms);
  c.recv({.seq = 1, .ack = 101});
  EXPECT_EQ(c.connection().info().rtt, before);
  EXPECT_EQ(c.connection().info().rto, 420ms) << "backed off until a valid sample";
  c.write(100);
  c.sent();
  c.advance(10ms);
  c.recv({.seq = 1, .ack = 201});
  EXPECT_EQ(c.connection().info().rto, 210ms);
}

TEST(Timeout, ABurstIsTimedByItsFirstSegment) {
  WithoutSack c;
  with_window_out(c);
  c.advance(50ms);
  c.recv({.seq = 1, .ack = 1461});
  EXPECT_EQ(c.connection().info().rtt, 15ms) << "7/8 of the handshake's 10 ms and 1/8 of 50 ms";
  c.all_sent();
}

TEST(Timeout, AcknowledgedNewDataEndsTheBackoffEvenWithoutASample) {
  WithoutSack c;
  c.connect();
  c.write(100);
  c.sent();
  c.advance(210ms);
  c.sent();
  c.recv({.seq = 1, .ack = 101});
  EXPECT_EQ(c.connection().info().backoff, 1u);
  c.write(2920);  // sent once; of the first segment, the timed one, half is acknowledged
  c.all_sent();
  c.recv({.seq = 1, .ack = 801});
  EXPECT_EQ(c.connection().info().backoff, 0u);
  c.all_sent();
}

TEST(Timeout, GivesUpAfterLinuxsTcpRetries2) {
  WithoutSack c;
  c.connect();
  c.write(100);
  c.advance(900s);
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(200s);
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  c.all_sent();
}

TEST(Timeout, AfterFastRecoveryDoesNotThrowTheThresholdAway) {
  WithoutSack c;
  with_window_out(c);
  for (int i = 0; i < 9; ++i) c.recv({.seq = 1, .ack = 1});
  const std::uint32_t before = c.connection().info().snd_ssthresh;
  c.all_sent();
  c.advance(210ms);  // the retransmission was lost too
  c.all_sent();
  EXPECT_GE(c.connection().info().snd_ssthresh, before) << "FlightSize is what is not acknowledged (RFC 5681 §2)";
}

TEST(FastRetransmit, ThirdDuplicateAckSendsTheSegmentAndFurtherOnesLetNewDataOut) {
  WithoutSack c;
  c.connect();
  c.write(100000);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 14600}}));
  c.recv({.seq = 1, .ack = 1});
  c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 14601, .ack = 1, .len = 2920}})) << "limited transmit";
  c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.sent_nothing();
  for (int i = 0; i < 7; ++i) c.recv({.seq = 1, .ack = 1});
  const std::vector<Seg> inflated = c.all_sent();
  ASSERT_EQ(inflated.size(), 1u) << c.so_far();
  EXPECT_EQ(inflated[0].seq, 17521);
  const std::int64_t highest = inflated[0].seq + inflated[0].len;
  c.recv({.seq = 1, .ack = 17521});  // everything sent before recovery began: over
  EXPECT_EQ(c.connection().info().snd_cwnd, c.connection().info().snd_ssthresh);
  EXPECT_EQ(c.connection().info().fast_recoveries, 1u);
  for (const Seg& s : c.all_sent()) EXPECT_GE(s.seq, highest) << "nothing is sent twice";
}

TEST(FastRetransmit, PartialAckSendsTheNextHole) {
  WithoutSack c;
  with_window_out(c);
  for (int i = 0; i < 3; ++i) c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.recv({.seq = 1, .ack = 4381});
  c.recv({.seq = 1, .ack = 4381});  // half of the window is in the network, until this one says that less is
  EXPECT_EQ(c.sent(), (Seg{.seq = 4381, .ack = 1, .len = 1460}));
  c.recv({.seq = 1, .ack = 14601});
  c.advance(10s);
  c.sent_nothing();
}

TEST(FastRetransmit, WindowUpdatesAreNotDuplicateAcks) {
  WithoutSack c;
  with_window_out(c);
  for (std::int64_t i = 1; i < 9; ++i) c.recv({.seq = 1, .ack = 1, .win = 60000 + i});
  c.sent_nothing();
}

TEST(FastRetransmit, NotAgainForDuplicatesOfWhatTheTimeoutSentTwice) {
  WithoutSack c;
  with_window_out(c);
  c.advance(210ms);
  c.sent();
  for (int i = 0; i < 5; ++i) c.recv({.seq = 1, .ack = 1});
  for (const Seg& s : c.all_sent()) EXPECT_NE(s.seq, 1) << c.so_far();
}

TEST(FastRetransmit, DuplicatesFreeNoMoreThanIsOutstanding) {
  WithoutSack c;
  with_window_out(c);
  for (int i = 0; i < 1000; ++i) c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 1460}}));
  c.write(100000);
  std::uint32_t sent = 0;
  for (const Seg& s : c.all_sent()) sent += s.len;
  EXPECT_LE(sent, 14600u) << "a credit for what was sent later would be a gift";
}

TEST(Recovery, ASentSuperSegmentIsRetransmittedInExactlyTheLostPart) {
  StoryConfig config;
  config.connection.max_burst = 64000;
  config.peer_sack = false;
  Story c(config);
  c.connect();
  c.write(14600);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 2920, .flags = "P"})) << "Linux: tcp_tso_autosize";
  c.all_sent();
  for (int i = 0; i < 3; ++i) c.recv({.seq = 1, .ack = 1461});
  c.recv({.seq = 1, .ack = 1461});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1461, .ack = 1, .len = 1460}));
}

}  // namespace
}  // namespace leat::testing
