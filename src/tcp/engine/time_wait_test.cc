#include "tcp/engine/time_wait.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace leat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = TimeWaitVerdict;

constexpr Instant kTimeWaitStart{seconds(1000)};
constexpr std::uint32_t kSndNxt = 5000, kRcvNxt = 9000;

FourTuple tuple_v4(std::uint16_t port) {
  return {{IpAddress::v4(10, 0, 0, 1), 80}, {IpAddress::v4(10, 0, 0, 2), port}};
}
FourTuple tuple_v6(std::uint16_t port, std::uint32_t scope = 0) {
  FourTuple t{{*IpAddress::parse("fe80::1"), 80}, {*IpAddress::parse("fe80::2"), port}};
  t.local.address.scope = t.remote.address.scope = scope;
  return t;
}
TimeWaitFlow flow(const FourTuple& tuple, std::optional<std::uint32_t> ts = {}) {
  return {.tuple = tuple,
          .hash = 100u + tuple.remote.port,
          .snd_nxt = SeqNum(kSndNxt),
          .rcv_nxt = SeqNum(kRcvNxt),
          .rcv_wnd = 65536,
          .rcv_wscale = 7,
          .tos = 0x10,
          .ts_recent = ts,
          .ts_offset = 77};
}

/// One entry, added at kStart.
struct One {
  TimeWaitTable table;
  std::uint32_t slot;
  explicit One(std::optional<std::uint32_t> ts = {}) : slot(table.add(flow(tuple_v4(1)), kTimeWaitStart).slot) {
    if (ts) {
      table.remove(slot);
      slot = table.add(flow(tuple_v4(1), ts), kTimeWaitStart).slot;
    }
  }
  TimeWaitVerdict recv(const TimeWaitSegment& s, Instant now = kTimeWaitStart + seconds(10)) {
    return table.on_segment(slot, s, now).verdict;
  }
  bool restarted() const { return table.next_deadline() == kTimeWaitStart + seconds(70); }
};
TimeWaitSegment ack_at(std::uint32_t seq) { return {.seq = SeqNum(seq), .ack = SeqNum(kSndNxt), .has_ack = true}; }
TimeWaitSegment fin_at(std::uint32_t seq, std::uint32_t length = 0) {
  return {.seq = SeqNum(seq), .ack = SeqNum(kSndNxt), .length = length, .fin = true, .has_ack = true};
}
TimeWaitSegment syn_at(std::uint32_t seq, std::optional<std::uint32_t> ts = {}) {
  return {.seq = SeqNum(seq), .ack = SeqNum(0), .syn = true, .tsval = ts};
}

TEST(TimeWait, RemembersTheFlow) {
  TimeWaitTable table;
  const auto a = table.add(flow(tuple_v4(1)), kTimeWaitStart);
  const auto b = table.add(flow(tuple_v6(1)), kTimeWaitStart);
  const auto c = table.add(flow(tuple_v6(1, 3)), kTimeWaitStart);
  EXPECT_FALSE(a.evicted || b.evicted || c.evicted);
  EXPECT_EQ(table.size(), 3u);
  EXPECT_EQ(table.tuple(a.slot), tuple_v4(1));
  EXPECT_EQ(table.tuple(b.slot), tuple_v6(1));
  EXPECT_EQ(table.tuple(c.slot), tuple_v6(1, 3));
  EXPECT_TRUE(table.matches(c.slot, tuple_v6(1, 3)));
  EXPECT_FALSE(table.matches(c.slot, tuple_v6(1, 4)));
  EXPECT_FALSE(table.matches(a.slot, tuple_v4(2)));

  const TimeWaitReply r = table.reply(a.slot);
  EXPECT_EQ(r.seq, SeqNum(kSndNxt));
  EXPECT_EQ(r.ack, SeqNum(kRcvNxt));
  EXPECT_EQ(r.window, 512);  // 65536 >> 7
  EXPECT_EQ(r.tos, 0x10);
  EXPECT_EQ(r.ts_recent, std::nullopt);
  EXPECT_EQ(r.ts_offset, 77u);
}

TEST(TimeWait, TheOfferedWindowFitsItsField) {
  TimeWaitTable table;
  TimeWaitFlow f = flow(tuple_v4(1));
  f.rcv_wnd = 1'000'000, f.rcv_wscale = 0;
  EXPECT_EQ(table.reply(table.add(f, kTimeWaitStart).slot).window, 65535);
  f.rcv_wscale = 255;  // nonsense
  EXPECT_EQ(table.reply(table.add(f, kTimeWaitStart).slot).window, 61);
}

TEST(TimeWait, LastsSixtySeconds) {
  TimeWaitTable table;
  EXPECT_EQ(table.next_deadline(), kNever);
  const auto a = table.add(flow(tuple_v4(1)), kTimeWaitStart);
  const auto b = table.add(flow(tuple_v6(2)), kTimeWaitStart + seconds(5));
  EXPECT_EQ(table.next_deadline(), kTimeWaitStart + seconds(60));
  EXPECT_FALSE(table.pop_expired(kTimeWaitStart + seconds(60) - Duration(1)));
  const auto first = table.pop_expired(kTimeWaitStart + seconds(60));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->slot, a.slot);
  EXPECT_EQ(first->hash, 101u);
  EXPECT_FALSE(table.pop_expired(kTimeWaitStart + seconds(60)));
  EXPECT_EQ(table.next_deadline(), kTimeWaitStart + seconds(65));
  const auto second = table.pop_expired(kTimeWaitStart + seconds(1000));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->slot, b.slot);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.next_deadline(), kNever);
}

TEST(TimeWait, EvictsTheOldestWhenFull) {
  TimeWaitTable table(3);
  const auto a = table.add(flow(tuple_v4(1)), kTimeWaitStart);
  for (std::uint16_t port : {std::uint16_t{2}, std::uint16_t{3}})
    EXPECT_FALSE(table.add(flow(tuple_v4(port)), kTimeWaitStart).evicted);
  const auto d = table.add(flow(tuple_v6(4)), kTimeWaitStart);
  ASSERT_TRUE(d.evicted);
  EXPECT_EQ(d.evicted->slot, a.slot);
  EXPECT_EQ(d.evicted->hash, 101u);
  EXPECT_EQ(table.size(), 3u);
  EXPECT_TRUE(table.matches(d.slot, tuple_v6(4)));
}

TEST(TimeWait, AcknowledgesARepeatedFinAndStartsAgain) {
  One w;
  const std::uint32_t other = w.table.add(flow(tuple_v4(2)), kTimeWaitStart + seconds(1)).slot;
  EXPECT_EQ(w.recv(fin_at(kRcvNxt - 1)), Verdict::ack);
  EXPECT_EQ(w.table.next_deadline(), kTimeWaitStart + seconds(61));  // of the other: ours went to the tail
  EXPECT_EQ(w.table.pop_expired(kTimeWaitStart + seconds(69))->slot, other);
  EXPECT_TRUE(w.restarted());

  One with_data;  // the last segment again, data and FIN
  EXPECT_EQ(with_data.recv(fin_at(kRcvNxt - 101, 100)), Verdict::ack);
  EXPECT_TRUE(with_data.restarted());
}

TEST(TimeWait, OnlyThePeersOwnFinStartsItAgain) {
  One w;
  EXPECT_EQ(w.recv(fin_at(kRcvNxt - 2)), Verdict::ack);  // an older FIN
  EXPECT_EQ(w.recv(fin_at(kRcvNxt)), Verdict::ack);      // a FIN after the FIN
  EXPECT_EQ(w.recv(ack_at(kRcvNxt - 1)), Verdict::ack);  // a keep-alive probe
  TimeWaitSegment unsent = fin_at(kRcvNxt - 1);
  unsent.ack = SeqNum(kSndNxt + 1);  // acknowledges what was never sent
  EXPECT_EQ(w.recv(unsent), Verdict::ack);
  TimeWaitSegment no_ack = fin_at(kRcvNxt - 1);
  no_ack.has_ack = false;
  EXPECT_EQ(w.recv(no_ack), Verdict::drop);
  EXPECT_EQ(w.table.next_deadline(), kTimeWaitStart + seconds(60));
}

TEST(TimeWait, IgnoresRst) {
  One w;
  for (std::uint32_t seq : {kRcvNxt - 1, kRcvNxt, kRcvNxt + 10}) {
    for (bool has_ack : {false, true}) {
      EXPECT_EQ(w.recv({.seq = SeqNum(seq), .ack = SeqNum(kSndNxt), .rst = true, .has_ack = has_ack}), Verdict::drop);
    }
  }
  EXPECT_EQ(w.recv({.seq = SeqNum(kRcvNxt + 1), .ack = SeqNum(0), .syn = true, .rst = true}), Verdict::drop);
  EXPECT_EQ(w.table.size(), 1u);
  EXPECT_EQ(w.table.next_deadline(), kTimeWaitStart + seconds(60));
}

TEST(TimeWait, AResetInAnswerToItsChallengeEndsIt) {
  One w;
  const TimeWaitSegment reset{.seq = SeqNum(kRcvNxt), .ack = SeqNum(0), .rst = true};
  EXPECT_EQ(w.recv(syn_at(kRcvNxt - 1)), Verdict::ack);
  for (std::uint32_t seq : {kRcvNxt - 1, kRcvNxt + 1}) {
    EXPECT_EQ(w.recv({.seq = SeqNum(seq), .ack = SeqNum(0), .rst = true}), Verdict::drop) << seq;
  }
  EXPECT_EQ(w.recv(reset), Verdict::end);
}

TEST(TimeWait, AnAckOfSomethingElseIsNoChallenge) {
  One w;
  EXPECT_EQ(w.recv(fin_at(kRcvNxt - 1)), Verdict::ack);
  EXPECT_EQ(w.recv({.seq = SeqNum(kRcvNxt), .ack = SeqNum(0), .rst = true}), Verdict::drop);
}

TEST(TimeWait, AnswersOldDataButNotAPlainAck) {
  One w;
  TimeWaitSegment data = ack_at(kRcvNxt - 1000);
  data.length = 500;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(w.recv(data), Verdict::ack);
  data.seq = SeqNum(kRcvNxt);  // data after the FIN cannot be
  EXPECT_EQ(w.recv(data), Verdict::ack);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt)), Verdict::drop);
  EXPECT_EQ(w.recv({.seq = SeqNum(kRcvNxt), .ack = SeqNum(0)}), Verdict::drop);  // no flag at all
  EXPECT_EQ(w.table.next_deadline(), kTimeWaitStart + seconds(60));
}

// Two ends in TIME-WAIT that disagree about the numbers must not answer each other's ACKs for ever.
TEST(TimeWait, AcksOutOfPlaceAreAnsweredTwiceASecondAtMost) {
  One w;
  const Instant t = kTimeWaitStart + seconds(1);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t), Verdict::ack);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t), Verdict::drop);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t + milliseconds(499)), Verdict::drop);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t + milliseconds(500)), Verdict::ack);
  EXPECT_EQ(w.recv(fin_at(kRcvNxt - 1), t + milliseconds(501)), Verdict::ack);  // not limited
}

TEST(TimeWait, ASynWithAHigherNumberStartsANewIncarnation) {
  One w;
  const TimeWaitDecision d = w.table.on_segment(w.slot, syn_at(kRcvNxt + 1), kTimeWaitStart + seconds(1));
  EXPECT_EQ(d.verdict, Verdict::accept_new);
  EXPECT_EQ(d.isn, SeqNum(kSndNxt + 65537));
  // In front of the wrap as well.
  One far;
  EXPECT_EQ(far.recv(syn_at(kRcvNxt + 0x7fffffff)), Verdict::accept_new);
}

TEST(TimeWait, ASynWithALowerNumberIsAnOldDuplicate) {
  for (std::uint32_t seq : {kRcvNxt, kRcvNxt - 1, kRcvNxt - 0x7fffffff}) {
    One w;
    EXPECT_EQ(w.recv(syn_at(seq)), Verdict::ack) << seq;
    EXPECT_EQ(w.recv(syn_at(seq)), Verdict::drop) << seq;  // limited
    EXPECT_EQ(w.table.next_deadline(), kTimeWaitStart + seconds(60));
  }
}

// RFC 6191 §2, case by case: timestamps of the old connection, of the SYN, sequence number.
TEST(TimeWait, TimestampsDecideBeforeTheSequenceNumber) {
  const std::uint32_t ts = 0xfffffff0;  // newer ones wrap
  const std::uint32_t higher = kRcvNxt + 1, lower = kRcvNxt - 1;
  EXPECT_EQ(One(ts).recv(syn_at(lower, ts + 0x20)), Verdict::accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(higher, ts + 1)), Verdict::accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(higher, ts - 1)), Verdict::ack);
  EXPECT_EQ(One(ts).recv(syn_at(higher, ts)), Verdict::accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(lower, ts)), Verdict::ack);
  EXPECT_EQ(One(ts).recv(syn_at(higher)), Verdict::accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(lower)), Verdict::ack);
  EXPECT_EQ(One().recv(syn_at(lower, 1)), Verdict::ack);
  EXPECT_EQ(One().recv(syn_at(higher, 1)), Verdict::accept_new);
}

TEST(TimeWait, OtherSynsStartNothing) {
  One w;
  TimeWaitSegment syn_ack = syn_at(kRcvNxt + 1);
  syn_ack.has_ack = true;
  EXPECT_EQ(w.recv(syn_ack), Verdict::ack);
  TimeWaitSegment syn_fin = syn_at(kRcvNxt + 1);
  syn_fin.fin = true;
  EXPECT_EQ(w.recv(syn_fin), Verdict::drop);
  EXPECT_EQ(w.table.next_deadline(), kTimeWaitStart + seconds(60));
}

TEST(TimeWait, FollowsThePeersTimestamps) {
  One w(1000);
  TimeWaitSegment s = fin_at(kRcvNxt - 1);
  s.tsval = 1005;
  EXPECT_EQ(w.recv(s), Verdict::ack);
  EXPECT_TRUE(w.restarted());
  EXPECT_EQ(w.table.reply(w.slot).ts_recent, 1005u);
  s = ack_at(kRcvNxt);
  s.tsval = 1010;
  EXPECT_EQ(w.recv(s), Verdict::drop);
  EXPECT_EQ(w.table.reply(w.slot).ts_recent, 1010u);
  // An old duplicate of the FIN (RFC 7323 §5) is answered, but neither believed nor a reason to wait longer.
  s = fin_at(kRcvNxt - 1);
  s.tsval = 900;
  EXPECT_EQ(w.recv(s, kTimeWaitStart + seconds(20)), Verdict::ack);
  EXPECT_EQ(w.table.reply(w.slot).ts_recent, 1010u);
  EXPECT_TRUE(w.restarted());
  // Timestamps that were not agreed on stay out.
  One without;
  s.tsval = 5;
  EXPECT_EQ(without.recv(s), Verdict::ack);
  EXPECT_EQ(without.table.reply(without.slot).ts_recent, std::nullopt);
}

}  // namespace
}  // namespace leat
