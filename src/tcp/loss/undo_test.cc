// Stories of spurious losses: the window is restored (RFC 4015, RFC 3708, RFC 5682).
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

constexpr std::int64_t kUndoMss = 1448;
constexpr std::int64_t undo_at(std::int64_t n) { return 1 + n * kUndoMss; }
using Ts = TcpTimestamps;

struct Stamped : Story {
  Stamped() : Stamped(10) {}
  explicit Stamped(std::size_t segments) {
    peer_options.timestamps = {1000, 0};
    open_active();
    advance(10ms);
    recv({.seq = 0, .ack = 1, .flags = "S", .ts = Ts{1000, 0}});
    advance(1ms);
    write(segments * kUndoMss);
    all_sent();
    advance(10ms);
  }
  void ack(std::int64_t n, std::uint32_t echo) { recv({.seq = 1, .ack = undo_at(n), .ts = Ts{1000, echo}}); }
  void sack(std::int64_t from, std::int64_t to, std::uint32_t echo) {
    recv({.seq = 1, .ack = 1, .sack = {{undo_at(from), undo_at(to)}}, .ts = Ts{1000, echo}});
  }
};

// The trap: a spurious retransmission that is detected and not undone costs half of the window.
TEST(Undo, ASpuriousRetransmissionIsDetectedAndUndoneByTimestamps) {
  Stamped c;
  const std::uint32_t cwnd = c.connection().info().snd_cwnd;
  c.sack(1, 4, 11);
  EXPECT_EQ(c.sent().seq, 1);
  c.all_sent();
  EXPECT_LT(c.connection().info().snd_ssthresh, cwnd);
  c.advance(3ms);
  c.ack(10, 11);  // it answers what was sent at 11, before the retransmission
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::open);
  EXPECT_GE(c.connection().info().snd_cwnd, cwnd);
  EXPECT_EQ(c.connection().info().snd_ssthresh, CongestionController::kNoThreshold);
}

TEST(Undo, ASpuriousRetransmissionIsUndoneByDSack) {
  Stamped c;
  const std::uint32_t cwnd = c.connection().info().snd_cwnd;
  c.sack(1, 4, 11);
  c.all_sent();
  c.advance(3ms);
  c.ack(10, 21);
  EXPECT_LT(c.connection().info().snd_cwnd, cwnd);
  c.recv({.seq = 1, .ack = undo_at(10), .sack = {{1, undo_at(1)}}, .ts = Ts{1000, 21}});
  EXPECT_GE(c.connection().info().snd_cwnd, cwnd);
  EXPECT_EQ(c.connection().info().dsack_dups, 1u);
}

// The trap: a peer that reports all data as duplicates to enlarge the window.
TEST(Undo, ADSackForMoreThanWasSentAgainProvesNothing) {
  Stamped c;
  c.sack(1, 4, 11);
  c.all_sent();
  c.advance(3ms);
  c.ack(10, 21);
  c.recv({.seq = 1, .ack = undo_at(10), .sack = {{1, undo_at(10)}}, .ts = Ts{1000, 21}});
  c.recv({.seq = 1, .ack = undo_at(10), .sack = {{1, undo_at(1)}}, .ts = Ts{1000, 21}});
  EXPECT_EQ(c.connection().info().snd_ssthresh, 7 * kUndoMss);
  EXPECT_EQ(c.connection().info().dsack_dups, 11u) << "though it is counted";
}

TEST(Undo, ADSackForWhatWasSentOnceProvesNothing) {
  Stamped c;
  c.sack(1, 4, 11);
  EXPECT_EQ(c.all_sent().size(), 1u);
  c.recv({.seq = 1, .ack = 1, .sack = {{undo_at(2), undo_at(3)}, {undo_at(1), undo_at(4)}}, .ts = Ts{1000, 11}});
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::recovery);
  EXPECT_EQ(c.connection().info().snd_ssthresh, 7 * kUndoMss);
}

TEST(Undo, ADSackThatComesWithTheAckOfBothCopiesIsUndone) {
  Stamped c;
  c.sack(1, 4, 11);
  c.all_sent();
  c.recv({.seq = 1, .ack = undo_at(4), .sack = {{1, undo_at(1)}}, .ts = Ts{1000, 21}});
  EXPECT_EQ(c.connection().info().snd_ssthresh, CongestionController::kNoThreshold);
}

TEST(Undo, ADSackLongerThanAnyWindowIsNone) {
  StoryConfig config;
  config.peer_window = 8000;
  config.peer_scales = false;
  Story c(config);
  c.connect();
  for (std::int64_t n = 0; n < 10; ++n) {
    c.write(1000);
    c.all_sent();
    c.recv({.seq = 1, .ack = 1 + (n + 1) * 1000});
  }
  c.recv({.seq = 1, .ack = 10001, .sack = {{1, 8002}}});
  EXPECT_EQ(c.connection().info().dsack_dups, 0u);
  c.recv({.seq = 1, .ack = 10001, .sack = {{1, 8001}}});
  EXPECT_GT(c.connection().info().dsack_dups, 0u);
}

TEST(Undo, ARealLossIsNotUndone) {
  Stamped c;
  c.sack(1, 4, 11);
  c.all_sent();
  c.advance(10ms);
  c.ack(10, 21);
  EXPECT_LT(c.connection().info().snd_cwnd, 10 * kUndoMss);
  EXPECT_EQ(c.connection().info().snd_ssthresh, 7 * kUndoMss);
}

TEST(Undo, ASpuriousTimeoutIsUndoneByTimestamps) {
  Stamped c;
  const std::uint32_t cwnd = c.connection().info().snd_cwnd;
  c.advance(900ms);  // the tail probe and a time-out or two
  c.all_sent();
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::loss);
  c.ack(1, 11);
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::open) << c.so_far();
  EXPECT_GE(c.connection().info().snd_cwnd, cwnd);
  c.advance(1ms);
  c.ack(10, 11);
  for (const Seg& s : c.all_sent()) EXPECT_GE(s.seq, undo_at(10));
}

// Data whose loss was undone may be lost nevertheless. RACK finds that by time (RFC 8985), before the next time-out.
TEST(Undo, WhatIsMissingAfterASpuriousTimeoutIsLostByTime) {
  Stamped c;
  c.advance(900ms);
  c.all_sent();
  ASSERT_EQ(c.connection().info().ca_state, CongestionState::loss);
  c.recv({.seq = 1, .ack = undo_at(1), .sack = {{undo_at(2), undo_at(3)}}, .ts = Ts{1000, 11}});
  EXPECT_NE(c.connection().info().ca_state, CongestionState::loss);
  EXPECT_TRUE(c.all_sent().empty());
  c.advance(10ms);
  const std::vector<Seg> sent = c.all_sent();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.front().seq, undo_at(1));
}

// RFC 5682 §3: without timestamps, new data reveals a spurious time-out.
TEST(Frto, ASpuriousTimeoutIsFoundByNewData) {
  Story c;
  c.connect();
  c.write(14600);
  c.all_sent();
  c.advance(240ms);
  c.all_sent();
  ASSERT_EQ(c.connection().info().ca_state, CongestionState::loss);
  c.write(14600);
  c.recv({.seq = 1, .ack = 1461});
  const std::vector<Seg> sent = c.all_sent();
  ASSERT_FALSE(sent.empty());
  for (const Seg& s : sent) EXPECT_GE(s.seq, 14601) << "new data first, to see what its answer is";
  c.recv({.seq = 1, .ack = 2921});  // never sent again: the first copy has arrived
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::open);
  EXPECT_GE(c.connection().info().snd_cwnd, 14600u);
  c.abort();
  c.all_sent();
}

TEST(Frto, ARealTimeoutGoesOnByRetransmitting) {
  Story c;
  c.connect();
  c.write(14600);
  c.all_sent();
  c.advance(240ms);
  c.all_sent();
  c.write(14600);
  c.recv({.seq = 1, .ack = 1461});
  c.all_sent();
  c.recv({.seq = 1, .ack = 1461, .sack = {{14601, 16061}}});
  const std::vector<Seg> sent = c.all_sent();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.front().seq, 1461);
  c.abort();
  c.all_sent();
}

}  // namespace
}  // namespace leat::testing
