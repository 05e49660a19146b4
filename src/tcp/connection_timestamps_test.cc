// Timestamps and PAWS (RFC 7323) as stories.
#include <gtest/gtest.h>

#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

using Ts = TcpTimestamps;

/// The peer's clock shows 1000 in its SYN.
struct StampedStory : Story {
  explicit StampedStory(StoryConfig config = {}) : Story(std::move(config)) { peer_options.timestamps = {1000, 0}; }
  /// Active, with a peer that answers after 10 ms and echoes what it got.
  void open() {
    open_active();
    EXPECT_EQ(sent(), (Seg{.seq = 0, .flags = "S", .ts = Ts{0, 0}})) << so_far();
    advance(10ms);
    recv({.seq = 0, .ack = 1, .flags = "S", .ts = Ts{1000, 0}});
    EXPECT_EQ(sent(), (Seg{.seq = 1, .ack = 1, .ts = Ts{10, 1000}})) << so_far();
    recv({.seq = 1, .ack = 1, .ts = Ts{1000, 10}});
    events();
  }
};

TEST(Timestamps, MeasureARoundTripHoweverOldTheConnectionIs) {
  const Timestamps ours(7);
  const Instant opened{5s};
  for (const Duration age : {Duration(1s), Duration(24h * 24), Duration(24h * 25), Duration(24h * 60)}) {
    const Instant now = opened + age;
    EXPECT_EQ(ours.round_trip(timestamp_value(7, now - 20ms), opened, now), 20ms);
    EXPECT_FALSE(ours.round_trip(timestamp_value(7, now + 1ms), opened, now)) << "not sent yet";
  }
  EXPECT_FALSE(ours.round_trip(timestamp_value(7, opened - 1ms), opened, opened + 1s)) << "not by us";
}

TEST(Timestamps, StandInEverySegmentOnceBothOfferedThem) {
  StampedStory c;
  c.open();
  EXPECT_TRUE(c.connection().info().timestamps);
  EXPECT_EQ(c.connection().info().snd_mss, 1448u) << "twelve bytes of each segment are the option's";
  c.write(2000);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1448, .ts = Ts{10, 1000}}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 1449, .ack = 1, .len = 552, .flags = "P", .ts = Ts{10, 1000}}));
  c.recv({.seq = 1, .ack = 2001, .ts = Ts{1010, 10}});
  c.shutdown();
  EXPECT_EQ(c.sent(), (Seg{.seq = 2001, .ack = 1, .flags = "F", .ts = Ts{10, 1010}}));
  c.abort();
  EXPECT_EQ(c.sent(), (Seg{.seq = 2002, .ack = 1, .flags = "R", .ts = Ts{10, 1010}}));
}

TEST(Timestamps, AreLeftOutWhereOneSideDoesNotOfferThem) {
  Story plain;  // the peer does not
  plain.connect();
  EXPECT_TRUE(plain.syn_options().timestamps);
  EXPECT_EQ(plain.connection().info().snd_mss, 1460u);
  plain.write(100);
  EXPECT_FALSE(plain.sent().ts);

  StoryConfig config;
  config.options.timestamps = false;
  Story off(config);
  off.peer_options.timestamps = {1000, 0};
  off.accept();
  EXPECT_FALSE(off.syn_options().timestamps);
  EXPECT_FALSE(off.connection().info().timestamps);
}

TEST(Timestamps, AreAgreedByAListenerToo) {
  StampedStory c;
  c.accept();
  EXPECT_EQ(c.syn_options().timestamps, (Ts{timestamp_value(0, c.now() - 10ms), 1000}));
  EXPECT_TRUE(c.connection().info().timestamps);
  c.write(100);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 100, .flags = "P", .ts = Ts{10, 1000}}));
}

// RFC 7323 §4.3: the echo is the timestamp of the segment that the next ACK is for, not of a later one.
TEST(Timestamps, EchoTheFirstSegmentOfADelayedAckAndNoneFromAheadOfAGap) {
  StampedStory c;
  c.open();
  std::int64_t pos = 1;
  for (int quick = 0; quick < 16; ++quick, pos += 100) {
    c.recv({.seq = pos, .ack = 1, .len = 100, .ts = Ts{1020, 10}});
    EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = pos + 100, .ts = Ts{10, 1020}}));
  }
  c.recv({.seq = pos, .ack = 1, .len = 1448, .ts = Ts{1030, 10}});
  c.sent_nothing();
  c.advance(5ms);
  c.recv({.seq = pos + 1448, .ack = 1, .len = 1448, .ts = Ts{1035, 10}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = pos + 2896, .ts = Ts{15, 1030}}));
  pos += 2896;
  c.recv({.seq = pos + 100, .ack = 1, .len = 100, .ts = Ts{1050, 10}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = pos, .sack = {{pos + 100, pos + 200}}, .ts = Ts{15, 1030}}));
  c.recv({.seq = pos, .ack = 1, .len = 100, .ts = Ts{1045, 10}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = pos + 200, .ts = Ts{15, 1045}}));
  EXPECT_EQ(c.read(5000), pos + 199);
}

TEST(Paws, DropsAnOldSegmentAndSaysWhatIsExpected) {
  StampedStory c;
  c.open();
  c.recv({.seq = 1, .ack = 1, .len = 100, .ts = Ts{2000, 10}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .ts = Ts{10, 2000}}));
  const SegmentVerdict verdict = c.recv({.seq = 101, .ack = 1, .len = 100, .ts = Ts{1999, 10}});
  EXPECT_EQ(verdict.drop, DropReason::TCP_RFC7323_PAWS);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .ts = Ts{10, 2000}}));
  EXPECT_EQ(c.notes().back().kind, NoteKind::old_timestamp);
  EXPECT_EQ(c.read(1000), 100);
  c.recv({.seq = 101, .ack = 1, .len = 100, .ts = Ts{2000, 10}});  // equal is not old
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 201}));
  EXPECT_EQ(c.read(1000), 100);
}

TEST(Paws, AnswersNoLateAck) {
  StampedStory c;
  c.open();
  c.recv({.seq = 1, .ack = 1, .len = 100, .ts = Ts{2000, 10}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .ts = Ts{10, 2000}}));
  EXPECT_EQ(c.recv({.seq = 1, .ack = 1, .ts = Ts{1999, 10}}).drop, DropReason::TCP_RFC7323_PAWS);
  c.sent_nothing();
  EXPECT_EQ(c.recv({.seq = 101, .ack = 1, .ts = Ts{1, 10}}).drop, DropReason::TCP_RFC7323_PAWS);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .ts = Ts{10, 2000}})) << "this one claims to be the next";
  EXPECT_EQ(c.read(1000), 100);
}

TEST(Paws, ComparesAcrossTheWrapOfTheClock) {
  StampedStory c;
  c.peer_options.timestamps = {0xfffffff0u, 0};
  c.accept();
  c.recv({.seq = 1, .ack = 1, .len = 100, .ts = Ts{5, 0}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .ts = Ts{10, 5}}));
  c.recv({.seq = 101, .ack = 1, .len = 100, .ts = Ts{0xfffffff5u, 0}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .ts = Ts{10, 5}}));
  EXPECT_EQ(c.read(1000), 100);
}

// RFC 7323 §5.5: after 24 days the peer's clock may have gone once around.
TEST(Paws, ForgetsAValueThatIsOlderThanHalfAWrap) {
  StampedStory c;
  c.open();
  c.advance(std::chrono::hours(24 * 24));
  c.recv({.seq = 1, .ack = 1, .len = 100, .ts = Ts{5, 10}});
  const Seg ack = c.sent();
  EXPECT_EQ(ack.ack, 101);
  EXPECT_EQ(ack.ts->echo_reply, 5u);
  EXPECT_EQ(c.read(1000), 100);
}

TEST(Paws, RemembersAValueForWeeks) {
  StampedStory c;
  c.open();
  c.advance(std::chrono::hours(23 * 24));
  const SegmentVerdict verdict = c.recv({.seq = 1, .ack = 1, .len = 100, .ts = Ts{5, 10}});
  EXPECT_EQ(verdict.drop, DropReason::TCP_RFC7323_PAWS);
  EXPECT_EQ(c.sent().ack, 1);
}

// Some stacks say 0 in their SYN and begin their clock later.
TEST(Paws, AZeroInTheSynComparesWithNothing) {
  StampedStory c;
  c.peer_options.timestamps = {0, 0};
  c.accept();
  c.recv({.seq = 1, .ack = 1, .len = 100, .ts = Ts{0x90000000u, 0}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 101, .ts = Ts{10, 0x90000000u}}));
  EXPECT_EQ(c.read(1000), 100);
}

TEST(Paws, LetsARstPass) {
  StampedStory c;
  c.open();
  c.recv({.seq = 1, .ack = 1, .flags = "R", .ts = Ts{1, 10}});
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().error(), Error::reset);
}

// Linux: tcp_disordered_ack. A reordered duplicate ACK tells of SACKed data, and needs no answer.
TEST(Paws, LetsALateDuplicateAckPassButNotAnAncientOne) {
  StampedStory c;
  c.open();
  c.recv({.seq = 1, .ack = 1, .len = 100, .ts = Ts{9000, 10}});
  EXPECT_EQ(c.sent().ack, 101);
  EXPECT_FALSE(c.recv({.seq = 101, .ack = 1, .ts = Ts{8999, 10}}).drop);
  c.sent_nothing();
  EXPECT_EQ(c.recv({.seq = 101, .ack = 1, .ts = Ts{1000, 10}}).drop, DropReason::TCP_RFC7323_PAWS);
  EXPECT_EQ(c.sent().ack, 101);
  EXPECT_EQ(c.read(1000), 100);
}

// A trap: middleboxes that restart take the option away in mid-connection. DEVIATION from RFC 7323 §3.2, as Linux.
TEST(Timestamps, MayBeMissingFromAnArrivingSegment) {
  StampedStory c;
  c.open();
  c.write(100);
  EXPECT_EQ(c.sent().len, 100u);
  c.recv({.seq = 1, .ack = 101, .len = 50});
  EXPECT_EQ(c.sent(), (Seg{.seq = 101, .ack = 51, .ts = Ts{10, 1000}}));
  EXPECT_EQ(c.connection().info().unacked, 0u);
  EXPECT_EQ(c.read(1000), 50);
}

// Karn's algorithm gives no sample for retransmitted data. The echo tells which copy arrived, so that the back-off
// ends. Without it, a path that loses a part of every flight ends in minutes of silence.
TEST(Timestamps, MeasureWhatWasSentTwice) {
  StampedStory c(without_sack());  // no tail probe before the time-out
  c.open();
  c.write(100);
  EXPECT_EQ(c.sent().len, 100u);
  c.advance(210ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 100, .flags = "P", .ts = Ts{220, 1000}}));
  c.advance(420ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 100, .flags = "P", .ts = Ts{640, 1000}}));
  EXPECT_EQ(c.connection().info().backoff, 2u);
  c.advance(20ms);
  c.recv({.seq = 1, .ack = 101, .ts = Ts{1650, 640}});
  EXPECT_EQ(c.connection().info().backoff, 0u);
  EXPECT_LT(c.connection().info().rto, 250ms);
  EXPECT_EQ(c.connection().info().min_rtt, 10ms);
}

TEST(Timestamps, TheLeastRoundTripIsOfLate) {
  Story c;
  c.connect();  // 10 ms
  std::int64_t end = 1;
  const auto round_trip = [&](Duration time) {
    end += static_cast<std::int64_t>(c.write(100));
    c.advance(time);
    c.recv({.seq = 1, .ack = end});
    c.all_sent();
  };
  round_trip(40ms);
  EXPECT_EQ(c.connection().info().min_rtt, 10ms);
  c.advance(400s);
  round_trip(40ms);
  EXPECT_EQ(c.connection().info().min_rtt, 40ms);
}

TEST(Timestamps, TellWhichSynWasAnswered) {
  StampedStory c;
  c.open_active();
  c.advance(1s);
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .flags = "S", .ts = Ts{0, 0}}));
  EXPECT_EQ(c.sent(), (Seg{.seq = 0, .flags = "S", .ts = Ts{1000, 0}}));
  c.advance(30ms);
  c.recv({.seq = 0, .ack = 1, .flags = "S", .ts = Ts{1000, 1000}});
  EXPECT_EQ(c.sent().ack, 1);
  EXPECT_EQ(c.connection().info().rtt, 30ms);
  EXPECT_LT(c.connection().info().rto, 300ms) << "not the 3 s of RFC 6298 §5.7, which is for those who know nothing";
}

TEST(Timestamps, AForgedEchoMeasuresNothing) {
  StampedStory c(without_sack());  // no tail probe before the time-out
  c.open();
  c.write(100);
  EXPECT_EQ(c.sent().len, 100u);
  c.advance(210ms);
  EXPECT_EQ(c.sent().len, 100u);
  for (const std::uint32_t echo : {221u, 0x80000000u}) {  // from the future, from before the connection
    c.recv({.seq = 1, .ack = 51, .ts = Ts{1300, echo}});
    EXPECT_EQ(c.connection().info().backoff, 1u);
  }
  EXPECT_EQ(c.connection().info().rtt, 10ms);
}

// Linux: PAWSActiveRejected. The peer answers a SYN of an earlier connection.
TEST(Timestamps, ASynAckThatEchoesWhatWeNeverSentIsReset) {
  StampedStory c;
  c.open_active();
  EXPECT_EQ(c.sent().flags, "S");
  c.advance(10ms);
  const SegmentVerdict verdict = c.recv({.seq = 0, .ack = 1, .flags = "S", .ts = Ts{1000, 5000}});
  EXPECT_EQ(verdict.drop, DropReason::TCP_RFC7323_PAWS);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .flags = "R"}));
  EXPECT_EQ(c.state(), TcpState::syn_sent);
}

}  // namespace
}  // namespace leat::testing
