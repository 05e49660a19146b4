#include "tcp/engine/half_open.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr Instant kSynStart{std::chrono::hours(1)};
constexpr SeqNum kPeerIsn{0xfffffff0u}, kOurIsn{0x7ffffff0u};

SegmentIn segment(std::int32_t ahead, TcpFlags flags, std::uint32_t length = 0) {
  SegmentIn in;
  in.seq = kPeerIsn + 1u + static_cast<std::uint32_t>(ahead);
  in.ack = kOurIsn + 1u;
  in.flags = flags;
  in.length = length;
  in.window = 1000;
  return in;
}

SegmentIn syn() {
  SegmentIn in = segment(-1, kTcpSyn);
  in.options.mss = 1400;
  in.options.window_scale = 7;
  in.options.sack_permitted = true;
  return in;
}

struct HalfOpenTest : ::testing::Test {
  HalfOpen::Action after(const SegmentIn& in) { return entry.on_segment(in, options, kSynStart + 10ms).action; }
  TcpSettings options;
  HalfOpen entry{syn(), {kOurIsn, 1460}, options, kSynStart};
};

TEST_F(HalfOpenTest, OffersWhatThePeerOffered) {
  const SegmentOut out = entry.syn_ack(options, kSynStart);
  EXPECT_EQ(out.seq, kOurIsn);
  EXPECT_EQ(out.ack, kPeerIsn + 1u);
  EXPECT_EQ(out.flags, kTcpSyn | kTcpAck);
  EXPECT_EQ(out.options.mss, 1460);
  EXPECT_TRUE(out.options.sack_permitted);
  EXPECT_TRUE(out.options.window_scale.has_value());
  EXPECT_FALSE(out.retransmission);
  SegmentIn plain = syn();
  plain.options = {};
  const SegmentOut modest = HalfOpen(plain, {kOurIsn, 1460}, options, kSynStart).syn_ack(options, kSynStart);
  EXPECT_FALSE(modest.options.sack_permitted);
  EXPECT_FALSE(modest.options.window_scale.has_value());
}

TEST_F(HalfOpenTest, EchoesTimestampsWhereTheyAreOffered) {
  EXPECT_FALSE(entry.syn_ack(options, kSynStart).options.timestamps);
  SegmentIn in = syn();
  in.options.timestamps = {77, 0};
  HalfOpen with({in}, {kOurIsn, 1460, 5}, options, kSynStart);
  EXPECT_EQ(with.syn_ack(options, kSynStart + 2ms).options.timestamps, (TcpTimestamps{3'600'007, 77}));
  in.options.timestamps->value = 99;  // sent again: the newer one counts
  EXPECT_EQ(with.on_segment(in, options, kSynStart + 1s).action, HalfOpen::Action::syn_ack);
  EXPECT_EQ(with.syn_ack(options, kSynStart + 1s).options.timestamps, (TcpTimestamps{3'601'005, 99}));
  options.timestamps = false;
  EXPECT_FALSE(HalfOpen(in, {kOurIsn, 1460}, options, kSynStart).syn_ack(options, kSynStart).options.timestamps);
}

TEST_F(HalfOpenTest, AnOldTimestampIsAnsweredAndDropped) {
  SegmentIn in = syn();
  in.options.timestamps = {77, 0};
  HalfOpen with({in}, {kOurIsn, 1460}, options, kSynStart);
  SegmentIn old = segment(0, kTcpAck);
  old.options.timestamps = {76, 0};
  const HalfOpen::Verdict verdict = with.on_segment(old, options, kSynStart + 1s);
  EXPECT_EQ(verdict.action, HalfOpen::Action::ack);
  EXPECT_EQ(verdict.drop, DropReason::TCP_RFC7323_PAWS);
  EXPECT_EQ(with.ack(options, kSynStart + 1s).options.timestamps, (TcpTimestamps{3'601'000, 77}));
  old.options.timestamps = {78, 0};
  EXPECT_EQ(with.on_segment(old, options, kSynStart + 1s).action, HalfOpen::Action::complete);
  EXPECT_EQ(with.facts().timestamp, 78u);
}

TEST_F(HalfOpenTest, NumbersAtTheFarEndOfTheSequenceSpaceDoNotOverflow) {
  const HalfOpen::Verdict verdict = entry.on_segment(segment(0x7fffffff, kTcpAck, 1000), options, kSynStart + 1s);
  EXPECT_EQ(verdict.drop, DropReason::TCP_OVERWINDOW);
}

TEST_F(HalfOpenTest, SendsItsSynAckAgainWithTwiceTheWait) {
  options.syn_ack_retries = 3;
  entry.syn_ack(options, kSynStart);
  EXPECT_EQ(entry.facts().timed_at, kSynStart);
  Instant now = kSynStart;
  for (const Duration wait : {1s, 2s, 4s}) {
    EXPECT_EQ(entry.deadline(), now + wait);
    now += wait;
    EXPECT_EQ(entry.on_timer(options, now), HalfOpen::Due::syn_ack);
    EXPECT_TRUE(entry.syn_ack(options, now).retransmission);
  }
  EXPECT_EQ(entry.deadline(), now + 8s);
  EXPECT_EQ(entry.on_timer(options, now + 8s), HalfOpen::Due::forget);
  EXPECT_EQ(entry.facts().time_outs, 3);
  EXPECT_EQ(entry.facts().timed_at, kNever) << "Karn: which of them was answered?";
}

TEST_F(HalfOpenTest, TheLargestRtoBoundsTheWait) {
  options.max_rto = 100ms;
  entry.syn_ack(options, kSynStart);
  EXPECT_EQ(entry.deadline(), kSynStart + 100ms);
  EXPECT_EQ(entry.on_timer(options, kSynStart + 100ms), HalfOpen::Due::syn_ack);
  EXPECT_EQ(entry.deadline(), kSynStart + 200ms);
}

TEST_F(HalfOpenTest, AnAckOrDataCompletesIt) {
  EXPECT_EQ(after(segment(0, kTcpAck)), HalfOpen::Action::complete);
  EXPECT_EQ(after(segment(0, kTcpAck | kTcpFin, 100)), HalfOpen::Action::complete);
  EXPECT_EQ(after(segment(500, kTcpAck, 100)), HalfOpen::Action::complete) << "the ACK itself was lost";
}

TEST_F(HalfOpenTest, AWrongAckIsReset) {
  SegmentIn in = segment(0, kTcpAck);
  in.ack = kOurIsn;
  EXPECT_EQ(after(in), HalfOpen::Action::reset);
  in.ack = kOurIsn + 2u;
  EXPECT_EQ(after(in), HalfOpen::Action::reset);
}

TEST_F(HalfOpenTest, OnlyAnExactRstEndsIt) {
  EXPECT_EQ(after(segment(1, kTcpRst)), HalfOpen::Action::ack) << "RFC 5961 §3.2";
  EXPECT_EQ(after(segment(-1, kTcpRst)), HalfOpen::Action::none);
  EXPECT_EQ(after(segment(70000, kTcpRst)), HalfOpen::Action::none);
  EXPECT_EQ(after(segment(0, kTcpRst)), HalfOpen::Action::forget);
}

TEST_F(HalfOpenTest, TheSynAgainMeansThatTheAnswerWasLost) {
  EXPECT_EQ(after(syn()), HalfOpen::Action::syn_ack);
  EXPECT_EQ(after(syn()), HalfOpen::Action::none) << "at most twice a second";
  EXPECT_EQ(entry.on_segment(syn(), options, kSynStart + 600ms).action, HalfOpen::Action::syn_ack);
}

TEST_F(HalfOpenTest, AnotherSynInTheWindowLeadsBackToListen) {
  EXPECT_EQ(after(segment(100, kTcpSyn)), HalfOpen::Action::forget);
}

TEST_F(HalfOpenTest, WithoutAckNothingHappens) {
  EXPECT_EQ(after(segment(0, TcpFlags{}, 10)), HalfOpen::Action::none);
  EXPECT_EQ(after(segment(0, kTcpFin)), HalfOpen::Action::none);
}

TEST_F(HalfOpenTest, OutsideTheWindowIsAnsweredRarely) {
  EXPECT_EQ(after(segment(70000, kTcpAck, 10)), HalfOpen::Action::ack);
  EXPECT_EQ(after(segment(-50, kTcpAck, 10)), HalfOpen::Action::none);
}

TEST_F(HalfOpenTest, WhoSendsNoDataIsNotAcceptedUntilTheDeferralIsOver) {
  options.defer_accept = 3s;  // two time-outs: 1 s and 2 s
  entry.syn_ack(options, kSynStart);
  const HalfOpen::Verdict bare = entry.on_segment(segment(0, kTcpAck), options, kSynStart);
  EXPECT_EQ(bare.action, HalfOpen::Action::none);
  EXPECT_TRUE(bare.deferred);
  EXPECT_EQ(entry.on_timer(options, kSynStart + 1s), HalfOpen::Due::nothing);
  EXPECT_EQ(entry.deadline(), kSynStart + 3s);
  EXPECT_EQ(after(segment(0, kTcpAck)), HalfOpen::Action::none);
  EXPECT_EQ(entry.on_timer(options, kSynStart + 3s), HalfOpen::Due::syn_ack) << "a last chance to say something";
  EXPECT_EQ(after(segment(0, kTcpAck)), HalfOpen::Action::complete) << "then without data";
}

TEST_F(HalfOpenTest, NobodyIsAskedAgainWhileDataIsWaitedFor) {
  options.defer_accept = 30s;  // 1, 3, 7, 15, 31
  entry.syn_ack(options, kSynStart);
  EXPECT_EQ(after(segment(0, kTcpAck)), HalfOpen::Action::none);
  Instant now = kSynStart;
  for (int i = 0; i < 4; ++i) {
    now = entry.deadline();
    EXPECT_EQ(entry.on_timer(options, now), HalfOpen::Due::nothing) << i;
  }
  EXPECT_EQ(now, kSynStart + 15s);
  EXPECT_EQ(entry.facts().time_outs, 0) << "nothing was sent again";
  EXPECT_EQ(after(segment(0, kTcpAck | kTcpPsh, 5)), HalfOpen::Action::complete) << "data at any time";
}

TEST_F(HalfOpenTest, ADeferralBeyondTheRetriesIsWaitedOutWhenThePeerHasAnswered) {
  options.syn_ack_retries = 1;
  options.defer_accept = 7s;
  entry.syn_ack(options, kSynStart);
  EXPECT_EQ(after(segment(0, kTcpAck)), HalfOpen::Action::none);
  EXPECT_EQ(entry.on_timer(options, kSynStart + 1s), HalfOpen::Due::nothing);
  EXPECT_EQ(entry.on_timer(options, kSynStart + 3s), HalfOpen::Due::nothing);
  EXPECT_EQ(entry.on_timer(options, kSynStart + 7s), HalfOpen::Due::syn_ack);
  EXPECT_EQ(entry.on_timer(options, kSynStart + 15s), HalfOpen::Due::forget);
}

}  // namespace
}  // namespace leat
