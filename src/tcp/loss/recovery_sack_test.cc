// Stories of loss with SACK: RFC 6675's pipe, RFC 8985's RACK and TLP, RFC 6937's PRR.
#include <algorithm>
#include <set>

#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

using Segs = std::vector<Seg>;
constexpr std::int64_t kMss = 1460;
/// Where segment `n` begins, counted from 0.
constexpr std::int64_t at(std::int64_t n) { return 1 + n * kMss; }

struct Bursts : Story {
  /// Sends the first window. A round trip later ACKs may arrive.
  explicit Bursts(std::size_t segments = 10) : Story(config()) {
    connect();
    write(segments * kMss);
    all_sent();
    advance(10ms);
  }
  static StoryConfig config() {
    StoryConfig config;
    config.connection.max_burst = 64000;
    config.options.send_buffer = std::size_t{1} << 20;
    return config;
  }
  void sack(std::int64_t from, std::int64_t to, std::int64_t ack = 0) {
    recv({.seq = 1, .ack = at(ack), .sack = {{at(from), at(to)}}});
  }
};

// The trap: stacks that retransmit everything from SND.UNA, although the receiver reports what it has.
TEST(Sack, SackRangesAreNotIgnoredByTheSender) {
  Bursts c;
  c.recv({.seq = 1, .ack = 1, .sack = {{at(5), at(6)}, {at(3), at(4)}, {at(1), at(2)}}});
  EXPECT_EQ(c.all_sent(), (Segs{{.seq = 1, .ack = 1, .len = 1460},
                                {.seq = at(2), .ack = 1, .len = 1460},
                                {.seq = at(4), .ack = 1, .len = 1460}}))
      << "PRR: seven tenths of what was delivered, in whole segments";
  c.sack(7, 10);
  const Segs sent = c.all_sent();
  ASSERT_FALSE(sent.empty());
  for (const Seg& s : sent) {
    EXPECT_TRUE(s.seq == at(2) || s.seq == at(4) || s.seq == at(6)) << s;
    EXPECT_EQ(s.len, kMss) << s;
  }
}

// A burst of 64 kB is one range; single holes in it are repaired to the byte.
TEST(Sack, HolesInABurstAreRepairedByteForByte) {
  Bursts c(400);
  std::int64_t acked = 10, end = 10;
  c.recv({.seq = 1, .ack = at(acked)});
  while (c.connection().info().snd_cwnd < 100 * kMss) {  // slow start
    for (const Seg& s : c.all_sent()) end = std::max(end, (s.seq + s.len - 1) / kMss);
    acked = end;
    c.advance(10ms);
    c.recv({.seq = 1, .ack = at(acked)});
  }
  for (const Seg& s : c.all_sent()) end = std::max(end, (s.seq + s.len - 1) / kMss);
  ASSERT_GE(end - acked, 100);
  c.advance(10ms);
  // Every tenth of 90 segments is missing.
  std::set<std::int64_t> missing;
  for (std::int64_t n = acked; n < acked + 90; n += 10) {
    missing.insert(at(n));
    c.sack(n + 1, n + 10, acked);
  }
  std::set<std::int64_t> repaired;
  for (int round = 0; round < 4; ++round) {
    for (const Seg& s : c.all_sent()) {
      if (s.seq >= at(end)) continue;  // new data
      ASSERT_EQ(s.len, kMss) << s;
      EXPECT_TRUE(repaired.insert(s.seq).second) << "twice: " << s;
    }
    c.sack(acked + 91 + round, acked + 92 + round, acked);
  }
  EXPECT_EQ(repaired.size(), missing.size() + 1) << "and the one behind the last block";
  for (const std::int64_t seq : missing) EXPECT_EQ(repaired.count(seq), 1u) << seq;
  c.abort();
  c.all_sent();
}

TEST(Sack, ThreeSegmentsBeyondAHoleAreALoss) {
  Bursts c;
  c.sack(1, 2);
  c.sack(1, 3);
  c.sent_nothing();
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::disorder);
  c.sack(1, 4);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::recovery);
  EXPECT_EQ(c.connection().info().snd_ssthresh, 7 * kMss);
  c.recv({.seq = 1, .ack = at(10)});
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::open);
  EXPECT_EQ(c.connection().info().snd_cwnd, 8 * kMss) << "what is delivered now lets it grow already";
}

TEST(Sack, BlocksBeyondWhatWasSentAreIgnored) {
  Bursts c;
  c.sack(5, 15);
  c.sack(20, 30);
  c.recv({.seq = 1, .ack = 1, .sack = {{at(4), at(3)}}});
  c.sent_nothing();
  EXPECT_EQ(c.connection().info().sacked, 0u);
  c.recv({.seq = 1, .ack = at(10)});
}

TEST(Sack, LimitedTransmitLetsNewDataOut) {
  Bursts c(20);
  c.sack(1, 2);
  EXPECT_EQ(c.all_sent(), (Segs{{.seq = at(10), .ack = 1, .len = 1460}}));
  c.sack(1, 3);
  EXPECT_EQ(c.all_sent(), (Segs{{.seq = at(11), .ack = 1, .len = 1460}}));
  c.abort();
  c.all_sent();
}

TEST(Rack, ReorderingWithinItsWindowIsNoLoss) {
  Bursts c;
  c.sack(1, 2);  // less than three: a quarter of the round trip of 10 ms is waited
  c.advance(1ms);
  c.sent_nothing();
  c.recv({.seq = 1, .ack = at(2)});
  EXPECT_EQ(c.connection().info().reord_seen, 1u);
  EXPECT_EQ(c.connection().info().fast_recoveries, 0u);
  c.recv({.seq = 1, .ack = at(10)});
}

TEST(Rack, WhatDoesNotComeWithinTheWindowIsLost) {
  Bursts c;
  c.sack(1, 2);
  c.advance(10ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  EXPECT_EQ(c.notes(), (std::vector<PacketNote>{{NoteKind::overtaken}}));
  c.recv({.seq = 1, .ack = at(10)});
}

// The trap: without it the retransmission time-out is all that helps.
TEST(Rack, ALostRetransmissionIsRepairedWithoutATimeout) {
  Bursts c(40);
  c.sack(1, 4);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.sack(1, 10);
  const std::vector<Seg> after = c.all_sent();
  ASSERT_FALSE(after.empty());
  EXPECT_EQ(after.front().seq, at(10)) << "new data, sent after the retransmission";
  c.notes();
  c.advance(10ms);
  c.sack(1, 11);
  c.advance(10ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  EXPECT_EQ(c.notes().front().kind, NoteKind::lost_again);
  EXPECT_EQ(c.connection().info().rto_count, 0u);
  c.abort();
  c.all_sent();
}

// The trap: with a coarse clock all data seems to be sent at the same instant, so no data seems to overtake other data.
TEST(Rack, IsNotSlowerWithACoarseClock) {
  Bursts c(40);
  c.sack(1, 4);
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.sack(1, 10);  // lets new data out, at the same instant
  ASSERT_FALSE(c.all_sent().empty());
  c.notes();
  c.advance(10ms);
  c.recv({.seq = 1, .ack = 1, .sack = {{at(10), at(11)}, {at(1), at(10)}}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460})) << "what left after it has arrived";
  EXPECT_EQ(c.notes().front().kind, NoteKind::lost_again);
  c.abort();
  c.all_sent();
}

TEST(TailProbe, FindsALostTailBeforeTheTimeout) {
  Bursts c;
  c.recv({.seq = 1, .ack = at(7)});
  c.advance(40ms);
  EXPECT_EQ(c.sent(), (Seg{.seq = at(9), .ack = 1, .len = 1460, .flags = "P"}));
  EXPECT_EQ(c.notes().back().kind, NoteKind::tail_again);
  c.advance(10ms);
  c.sack(9, 10, 7);
  EXPECT_EQ(c.all_sent(), (Segs{{.seq = at(7), .ack = 1, .len = 1460}}));
  c.advance(10ms);
  c.sack(9, 10, 8);
  EXPECT_EQ(c.all_sent(), (Segs{{.seq = at(8), .ack = 1, .len = 1460}}));
  EXPECT_EQ(c.connection().info().rto_count, 0u);
  c.recv({.seq = 1, .ack = at(10)});
}

TEST(TailProbe, SendsNewDataWhereThereIsSome) {
  Bursts c(12);
  c.advance(25ms);
  EXPECT_EQ(c.all_sent(), (Segs{{.seq = at(10), .ack = 1, .len = 1460}}));
  EXPECT_EQ(c.notes().back().kind, NoteKind::tail_probe);
  c.recv({.seq = 1, .ack = at(11)});
  EXPECT_EQ(c.connection().info().snd_ssthresh, CongestionController::kNoThreshold) << "nothing was lost";
  c.abort();
  c.all_sent();
}

TEST(TailProbe, WhatItMendedReducesTheWindow) {
  Bursts c(4);
  c.advance(25ms);
  c.sent();
  c.write(100);
  c.all_sent();
  c.recv({.seq = 1, .ack = at(4) + 100});  // the probe was the only copy that arrived
  EXPECT_LT(c.connection().info().snd_ssthresh, 10 * kMss);
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::open);
}

// At most one, and then the time-out.
TEST(TailProbe, IsNotRepeated) {
  Bursts c(1);
  c.advance(199ms);
  EXPECT_EQ(c.all_sent().size(), 0u) << "alone its ACK may be delayed";
  c.advance(1ms);
  EXPECT_EQ(c.all_sent().size(), 1u);
  EXPECT_EQ(c.connection().info().rto_count, 0u);
  c.advance(250ms);
  EXPECT_EQ(c.all_sent().size(), 1u);
  EXPECT_EQ(c.connection().info().rto_count, 1u);
  c.recv({.seq = 1, .ack = at(1)});
}

TEST(Prr, SendsEvenlyAndEndsAtTheThreshold) {
  Bursts c(100);
  c.sack(1, 4);
  EXPECT_EQ(c.all_sent().size(), 1u);
  std::uint32_t sent = 1460;
  for (std::int64_t n = 5; n <= 10; ++n) {
    c.sack(1, n);
    for (const Seg& s : c.all_sent()) sent += s.len;
    EXPECT_LE(sent, (n - 1) * kMss) << "never more than was delivered";
  }
  EXPECT_EQ(sent, 7 * kMss) << "what seven tenths of a window hold, the retransmission among it";
  c.recv({.seq = 1, .ack = at(10)});
  EXPECT_EQ(c.connection().info().snd_cwnd, 7 * kMss);
  c.abort();
  c.all_sent();
}

TEST(Reneging, WhatThePeerDroppedIsSentAgain) {
  Bursts c;
  c.sack(1, 10);
  c.all_sent();
  c.recv({.seq = 1, .ack = at(2)});  // and is silent about the rest, though it had it
  c.advance(20ms);
  EXPECT_EQ(c.connection().info().rto_count, 1u);
  EXPECT_EQ(c.sent(), (Seg{.seq = at(2), .ack = 1, .len = 1460}));
  EXPECT_EQ(c.connection().info().sacked, 0u);
  c.recv({.seq = 1, .ack = at(10)});
  c.all_sent();
}

// RFC 8985 §6.2 step 5 judges by what has arrived. ACKs that came together have.
TEST(Sack, AcksThatArriveTogetherAreJudgedTogether) {
  Bursts c;
  const Seg seventh_came = {.seq = 1, .ack = 1, .sack = {{at(6), at(7)}}};
  c.recv_batch({{.seq = 1, .ack = 1, .sack = {{at(1), at(6)}}}, seventh_came, {.seq = 1, .ack = at(7)}});
  EXPECT_EQ(c.connection().info().ca_state, CongestionState::open);
  EXPECT_EQ(c.connection().info().total_retrans, 0u) << c.so_far();
  c.all_sent();
}

TEST(Sack, WhatIsMissingAfterTheLastOfThemIsLost) {
  Bursts c;
  c.recv_batch({{.seq = 1, .ack = 1, .sack = {{at(1), at(4)}}}, {.seq = 1, .ack = 1, .sack = {{at(1), at(5)}}}});
  EXPECT_EQ(c.sent(), (Seg{.seq = 1, .ack = 1, .len = 1460}));
  c.all_sent();
}

// A forged segment right after an ACK must not hide the loss.
TEST(Sack, AnUnacceptableSegmentBehindThemDoesNotHideALoss) {
  Bursts c;
  c.recv_batch({{.seq = 1, .ack = 1, .sack = {{at(1), at(5)}}}, {.seq = 1 << 30, .ack = 1}});
  c.advance(0ms);
  const std::vector<Seg> sent = c.all_sent();
  EXPECT_EQ(std::count(sent.begin(), sent.end(), Seg{.seq = 1, .ack = 1, .len = 1460}), 1) << c.so_far();
}

TEST(Sack, AResetBehindAnAckLeavesNothingToBeJudged) {
  Bursts c;
  c.recv_batch({{.seq = 1, .ack = 1, .sack = {{at(1), at(5)}}}, {.seq = 1, .flags = "R"}});
  EXPECT_EQ(c.state(), TcpState::closed);
  EXPECT_EQ(c.connection().next_deadline(), kNever);
  c.advance(10s);
  c.sent_nothing();
}

}  // namespace
}  // namespace leat::testing
