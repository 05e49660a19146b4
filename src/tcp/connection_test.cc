// Stories of one connection: opening, moving data, acknowledging, closing.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

TEST(ConnectionOpen, SynCarriesOurOptionsAndIsRetriedWithBackoff) {
  StoryConfig config;
  config.options.syn_retries = 2;
  Story c(config);
  c.open_active();
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .flags = "S", .win = 44 * 1460}));
  EXPECT_EQ(c.syn_options().mss, 1460);
  EXPECT_TRUE(c.syn_options().sack_permitted);
  EXPECT_EQ(c.syn_options().window_scale, 10);
  c.advance(999ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .flags = "S"}));
  c.advance(2s);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .flags = "S"}));
  c.advance(3999ms);
  EXPECT_EQ(c.state(), TcpState::syn_sent);
  c.advance(1ms);
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  EXPECT_TRUE(c.events() & kEventError);
}

TEST(ConnectionOpen, FirstDataRidesOnTheAckOfTheHandshake) {
  Story c;
  c.open_active();
  c.sent();
  c.write(100);
  c.sent_nothing();
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 100, .flags = "P"}));
}

TEST(ConnectionOpen, ResetInSynSentRefuses) {
  Story c;
  c.open_active();
  c.sent();
  c.recv({.seq = 0, .ack = 7, .flags = "R"});  // acknowledges what we never sent: a blind guess
  EXPECT_EQ(c.state(), TcpState::syn_sent);
  c.recv({.seq = 0, .ack = 1, .flags = "R"});
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::refused);
}

TEST(ConnectionOpen, BadAckInSynSentIsAnsweredByReset) {
  Story c;
  c.open_active();
  c.sent();
  c.recv({.seq = 0, .ack = 9, .flags = "S"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 9, .flags = "R"}));
  EXPECT_EQ(c.state(), TcpState::syn_sent);
}

TEST(ConnectionOpen, SimultaneousOpen) {
  Story c;
  c.open_active();
  c.sent();
  c.recv({.seq = 0, .flags = "S"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1, .flags = "S"}));
  EXPECT_EQ(c.state(), TcpState::syn_received);
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  EXPECT_EQ(c.state(), TcpState::established);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
}

TEST(ConnectionOpen, PassiveOpenRetriesItsSynAck) {
  StoryConfig config;
  config.peer_scales = config.peer_sack = false;
  Story c(config);
  c.accept_half();
  c.recv({.seq = 0, .flags = "S"});  // the client's SYN again: the SYN-ACK was lost
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1, .flags = "S"}));
  EXPECT_FALSE(c.syn_options().window_scale.has_value());
  EXPECT_FALSE(c.syn_options().sack_permitted);
  c.advance(1s);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1, .flags = "S"}));
  c.recv({.seq = 1, .ack = 9});
  EXPECT_EQ(c.sent(), (Seg{.seq = 9, .flags = "R"}));
  EXPECT_EQ(c.state(), TcpState::syn_received);
  c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.state(), TcpState::established);
}

TEST(ConnectionReceive, DelayedAckAfterQuickAcks) {
  Story c;
  c.connect();
  std::int64_t seq = 1;
  for (int i = 0; i < AckPolicy::kQuickAcks; ++i) {
    c.recv({.seq = seq, .ack = 1, .len = 100});
    seq += 100;
    EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = seq}));
  }
  c.recv({.seq = seq, .ack = 1, .len = 100});
  c.advance(39ms);
  c.sent_nothing();
  c.advance(1ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = seq + 100}));
  EXPECT_EQ(c.read(100000), seq + 99);
}

TEST(ConnectionReceive, EverySecondFullSegmentIsAcknowledged) {
  Story c;
  c.connect();
  std::int64_t seq = 1;
  for (int i = 0; i < AckPolicy::kQuickAcks; ++i, seq += 1460) c.recv({.seq = seq, .ack = 1, .len = 1460});
  c.all_sent();
  c.recv({.seq = seq, .ack = 1, .len = 1460});
  c.sent_nothing();
  c.recv({.seq = seq + 1460, .ack = 1, .len = 1460});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = seq + 2920}));
}

TEST(ConnectionReceive, OutOfOrderDataIsSackedNewestFirstAndDeliveredInOrder) {
  Story c;
  c.connect();
  c.recv({.seq = 101, .ack = 1, .len = 100});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .sack = {{101, 201}}}));
  c.recv({.seq = 301, .ack = 1, .len = 100});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .sack = {{301, 401}, {101, 201}}}));
  c.recv({.seq = 151, .ack = 1, .len = 150});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .sack = {{151, 201}, {101, 401}}}));
  EXPECT_EQ(c.read(10), -1 - static_cast<std::int64_t>(Error::would_block));
  c.recv({.seq = 1, .ack = 1, .len = 120});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 401, .sack = {{101, 121}}}));
  EXPECT_EQ(c.read(1000), 400);
  c.recv({.seq = 501, .ack = 1, .len = 100, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 401, .sack = {{501, 602}}})) << "the FIN has a number";
}

TEST(ConnectionReceive, WithoutSackEachSegmentOutOfOrderGetsItsDuplicateAck) {
  StoryConfig config;
  config.peer_sack = false;
  Story c(config);
  c.connect();
  c.recv({.seq = 101, .ack = 1, .len = 100});
  c.recv({.seq = 201, .ack = 1, .len = 100});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
}

TEST(ConnectionReceive, WithoutSackSegmentsThatArriveAsOneGetWhatMakesTheSenderAct) {
  StoryConfig config;
  config.peer_sack = false;
  Story c(config);
  c.connect();
  c.recv({.seq = 1461, .ack = 1, .len = 9 * 1460});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
  c.sent_nothing();
}

TEST(ConnectionReceive, OldDuplicateIsAcknowledgedAndNotDelivered) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 100});
  c.sent();
  const SegmentVerdict verdict = c.recv({.seq = 1, .ack = 1, .len = 100});
  EXPECT_EQ(verdict.drop, DropReason::TCP_OLD_DATA);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .sack = {{1, 101}}}));
  EXPECT_EQ(c.read(1000), 100);
}

TEST(ConnectionReceive, DataBeyondTheWindowIsCut) {
  StoryConfig config;
  config.options.receive_buffer = 4380;
  Story c(config);
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 5000});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 4381, .win = 0}));
  EXPECT_EQ(c.recv({.seq = 4381, .ack = 1, .len = 100}).drop, DropReason::TCP_ZEROWINDOW);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 4381, .win = 0}));
  EXPECT_EQ(c.read(100), 100);
  c.sent_nothing();  // too little to be worth an update: silly window
  EXPECT_EQ(c.read(2200), 2200);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 4381, .win = 2300}));
  EXPECT_EQ(c.read(5000), 2080);
  c.advance(1s);
  c.sent_nothing();
}

TEST(ConnectionReceive, AckIsNeverAnsweredByAckForEver) {
  Story c;
  c.connect();
  c.recv({.seq = -5, .ack = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
  for (int i = 0; i < 100; ++i) c.recv({.seq = -5, .ack = 1});
  c.sent_nothing();
  c.advance(500ms);
  c.recv({.seq = -5, .ack = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
}

TEST(ConnectionReceive, ResetOnlyAtTheExactNumber) {
  Story c;
  c.connect();
  c.recv({.seq = 2, .flags = "R"});  // in the window: RFC 5961 asks the peer to prove itself
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
  EXPECT_EQ(c.state(), TcpState::established);
  c.recv({.seq = -1, .flags = "R"});
  c.recv({.seq = 1, .flags = "R"});
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::reset);
}

TEST(ConnectionReceive, SynInsideTheWindowIsChallenged) {
  Story c;
  c.connect();
  EXPECT_EQ(c.recv({.seq = 50, .ack = 1, .flags = "S"}).drop, DropReason::TCP_INVALID_SYN);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1}));
  EXPECT_EQ(c.state(), TcpState::established);
}

TEST(ConnectionReceive, DataReceivedBeforeAResetCanStillBeRead) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10});
  c.sent();
  c.recv({.seq = 11, .flags = "R"});
  EXPECT_EQ(c.read(100), 10);
  EXPECT_EQ(c.read(100), -1 - static_cast<std::int64_t>(Error::reset));
}

TEST(ConnectionSend, InitialWindowGoesOutAtOnceAsOneBurst) {
  StoryConfig config;
  config.connection.max_burst = 64000;
  Story c(config);
  c.connect();
  c.write(100000);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 1, .len = 14600, .flags = "P"}}));
  c.recv({.seq = 1, .ack = 14601});
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 14601, .ack = 1, .len = 2 * 14600, .flags = "P"}}));
}

TEST(ConnectionSend, NagleHoldsASecondSmallSegmentUntilTheFirstIsAcknowledged) {
  Story c;
  c.connect();
  c.write(10);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"}));
  c.write(10);
  c.write(10);
  c.sent_nothing();
  c.recv({.seq = 1, .ack = 11});
  EXPECT_EQ(c.sent(), (Seg{.seq = 11, .ack = 1, .len = 20, .flags = "P"}));
}

TEST(ConnectionSend, NodelaySendsAtOnce) {
  StoryConfig config;
  config.options.nodelay = true;
  Story c(config);
  c.connect();
  c.write(10);
  c.write(10);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 10, .flags = "P"}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 11, .ack = 1, .len = 10, .flags = "P"}));
}

TEST(ConnectionSend, PeerWindowIsObeyedAndScaled) {
  StoryConfig config;
  config.peer_window = 10;
  config.peer_scale = 9;
  Story c(config);
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 1, .win = 10});
  c.sent();
  c.write(20000);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 1, .ack = 2, .len = 4380}}));
  c.recv({.seq = 2, .ack = 4381, .win = 10});
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 4381, .ack = 2, .len = 4380}}));
}

TEST(ConnectionSend, ALostWindowUpdateIsFoundByProbes) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write(1000);
  c.sent_nothing();
  c.advance(210ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1}));
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.advance(10s);
  EXPECT_EQ(c.all_sent().size(), 4u);  // 0.42, 0.84, 1.68, 3.36 … seconds apart
  c.recv({.seq = 1, .ack = 1, .win = 1000});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1000, .flags = "P"}));
}

TEST(ConnectionSend, AWindowThatStaysClosedIsProbedAsLongAsThePeerAnswers) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write(10);
  for (int i = 0; i < 100; ++i) {
    c.advance(120s);
    ASSERT_FALSE(c.all_sent().empty()) << c.so_far();
    c.recv({.seq = 1, .ack = 1, .win = 0});
  }
  EXPECT_EQ(c.state(), TcpState::established);
  c.advance(3h);  // and now it is silent
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::timed_out);
  c.all_sent();
}

TEST(ConnectionSend, AfterIdlenessTheWindowIsTheInitialOneAgain) {
  Story c;
  c.connect();
  for (std::int64_t round = 0; round < 5; ++round) {
    c.write(29200);
    c.all_sent();
    c.recv({.seq = 1, .ack = 1 + round * 29200 + 14600});
    c.recv({.seq = 1, .ack = 1 + (round + 1) * 29200});
  }
  c.all_sent();
  EXPECT_GT(c.connection().info().snd_cwnd, 14600u);
  c.advance(1s);
  c.write(100000);
  EXPECT_EQ(c.all_sent(), (std::vector<Seg>{{.seq = 146001, .ack = 1, .len = 14600}})) << "RFC 5681 §4.1";
}

TEST(ConnectionSend, ABufferFilledToTheLastByteIsReportedWritableAgain) {
  StoryConfig config;
  config.options.send_buffer = 4096;
  Story c(config);
  c.connect();
  EXPECT_EQ(c.write(4096), 4096u);
  c.all_sent();
  EXPECT_FALSE(c.connection().readiness() & kEventWritable);
  c.recv({.seq = 1, .ack = 4097});
  EXPECT_TRUE(c.events() & kEventWritable) << "nobody was refused, but nobody could write either";
}

TEST(ConnectionSend, OnlyTheLastSegmentOfManySmallWritesIsSmall) {
  StoryConfig config;
  config.connection.max_burst = 64000;
  config.options.send_buffer = 1 << 20;
  Story c(config);
  c.open_active();
  c.sent();
  for (int i = 0; i < 200; ++i) c.write(1000);
  c.advance(10ms);
  c.recv({.seq = 0, .ack = 1, .flags = "S"});
  for (std::int64_t done = 1; done < 200001;) {
    for (Seg s = c.sent(); s.flags != "(nothing)"; s = c.sent()) {
      if (s.flags.find('P') == std::string::npos) {
        ASSERT_EQ(s.len % 1460, 0u) << c.so_far();
      }
      done = s.seq + s.len;
    }
    c.advance(10ms);
    c.recv({.seq = 1, .ack = done});
  }
}

TEST(ConnectionClose, ActiveCloseEndsInTimeWait) {
  Story c;
  c.connect();
  c.close();
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .flags = "F"}));
  EXPECT_EQ(c.state(), TcpState::fin_wait_1);
  c.recv({.seq = 1, .ack = 2});
  EXPECT_EQ(c.state(), TcpState::fin_wait_2);
  c.recv({.seq = 1, .ack = 2, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 2, .ack = 2}));
  EXPECT_EQ(c.state(), TcpState::time_wait);
  EXPECT_TRUE(c.events() & kEventClosed);
}

TEST(ConnectionClose, PassiveCloseEndsInLastAck) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 12}));
  EXPECT_EQ(c.state(), TcpState::close_wait);
  EXPECT_EQ(c.read(100), 10);
  EXPECT_EQ(c.read(100), 0);
  c.write(5);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 12, .len = 5, .flags = "P"}));
  c.close();
  EXPECT_EQ(c.sent(), (Seg{.seq = 6, .ack = 12, .flags = "F"}));
  c.recv({.seq = 12, .ack = 7});
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::none);
}

TEST(ConnectionClose, SimultaneousClose) {
  Story c;
  c.connect();
  c.close();
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .flags = "F"}));
  c.recv({.seq = 1, .ack = 1, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 2, .ack = 2}));
  EXPECT_EQ(c.state(), TcpState::closing);
  c.recv({.seq = 2, .ack = 2});
  EXPECT_EQ(c.state(), TcpState::time_wait);
}

TEST(ConnectionClose, FinAndAckOfOursInOneSegment) {
  Story c;
  c.connect();
  c.close();
  c.sent();
  c.recv({.seq = 1, .ack = 2, .flags = "F"});
  EXPECT_EQ(c.sent(), (Seg{.seq = 2, .ack = 2}));
  EXPECT_EQ(c.state(), TcpState::time_wait);
}

TEST(ConnectionClose, FinRidesOnTheLastDataAndIsSentAgainWhenLost) {
  Story c;
  c.connect();
  c.write(100);
  c.sent();
  c.write(100);  // held by Nagle
  c.shutdown();
  EXPECT_EQ(c.sent(), (Seg{.seq = 101, .ack = 1, .len = 100, .flags = "FP"}));
  c.recv({.seq = 1, .ack = 101});
  c.advance(210ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 101, .ack = 1, .len = 100, .flags = "FP"}));
  c.recv({.seq = 1, .ack = 201});  // the data arrived, the FIN did not
  c.advance(500ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 201, .ack = 1, .flags = "F"}));
  c.recv({.seq = 1, .ack = 202});
  EXPECT_EQ(c.state(), TcpState::fin_wait_2);
}

TEST(ConnectionClose, FinOutOfOrderWaitsForTheDataBeforeIt) {
  Story c;
  c.connect();
  c.recv({.seq = 101, .ack = 1, .len = 100, .flags = "F"});
  EXPECT_EQ(c.state(), TcpState::established);
  c.sent();
  c.recv({.seq = 1, .ack = 1, .len = 100});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 202}));
  EXPECT_EQ(c.state(), TcpState::close_wait);
  EXPECT_EQ(c.read(1000), 200);
  EXPECT_EQ(c.read(1000), 0);
}

TEST(ConnectionClose, UnreadDataTurnsCloseIntoReset) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .len = 10});
  c.sent();
  c.close();
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 11, .flags = "R"}));
  EXPECT_EQ(c.state(), TcpState::closed);
}

TEST(ConnectionClose, DataAfterTheUserIsGoneIsAnsweredByReset) {
  Story c;
  c.connect();
  c.close();
  c.sent();
  c.recv({.seq = 1, .ack = 2, .len = 10});
  EXPECT_EQ(c.sent(), (Seg{.seq = 2, .flags = "R"}));
  EXPECT_EQ(c.state(), TcpState::closed);
}

TEST(ConnectionClose, HalfClosedConnectionStillReceives) {
  Story c;
  c.connect();
  c.shutdown();
  c.sent();
  c.recv({.seq = 1, .ack = 2, .len = 500});
  EXPECT_EQ(c.sent(), (Seg{.seq = 2, .ack = 501}));
  EXPECT_EQ(c.read(1000), 500);
  EXPECT_EQ(c.write(1), 0u);
}

TEST(ConnectionClose, FinWait2WithoutUserEndsAfterAMinute) {
  Story c;
  c.connect();
  c.close();
  c.sent();
  c.recv({.seq = 1, .ack = 2});
  c.advance(59s);
  EXPECT_EQ(c.state(), TcpState::fin_wait_2);
  c.advance(1s);
  EXPECT_EQ(c.state(), TcpState::closed);
}

TEST(ConnectionClose, AbortSendsReset) {
  Story c;
  c.connect();
  c.write(5000);
  c.all_sent();
  c.abort();
  EXPECT_EQ(c.sent(), (Seg{.seq = 5001, .ack = 1, .flags = "R"}));
  EXPECT_EQ(c.read(1), -1 - static_cast<std::int64_t>(Error::aborted));
}

TEST(ConnectionClose, CloseBehindAZeroWindowStillSendsEverything) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write(100);
  c.close();
  c.sent_nothing();
  c.advance(210ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .ack = 1}));
  c.recv({.seq = 1, .ack = 1, .win = 1});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 100, .flags = "FP"}));
}

}  // namespace
}  // namespace leat::testing
