#include "tcp/engine/time_wait.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace leat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using enum TimeWaitVerdict;

constexpr Instant kStart{seconds(1000)};
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
  explicit One(std::optional<std::uint32_t> ts = {}) : slot(table.add(flow(tuple_v4(1)), kStart).slot) {
    if (ts) {
      table.remove(slot);
      slot = table.add(flow(tuple_v4(1), ts), kStart).slot;
    }
  }
  TimeWaitVerdict recv(const TimeWaitSegment& s, Instant now = kStart + seconds(10)) {
    return table.on_segment(slot, s, now).verdict;
  }
  bool restarted() const { return table.next_deadline() == kStart + seconds(70); }
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
  const auto a = table.add(flow(tuple_v4(1)), kStart);
  const auto b = table.add(flow(tuple_v6(1)), kStart);
  const auto c = table.add(flow(tuple_v6(1, 3)), kStart);
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
  EXPECT_EQ(table.reply(table.add(f, kStart).slot).window, 65535);
  f.rcv_wscale = 255;  // nonsense
  EXPECT_EQ(table.reply(table.add(f, kStart).slot).window, 61);
}

TEST(TimeWait, LastsSixtySeconds) {
  TimeWaitTable table;
  EXPECT_EQ(table.next_deadline(), kNever);
  const auto a = table.add(flow(tuple_v4(1)), kStart);
  const auto b = table.add(flow(tuple_v6(2)), kStart + seconds(5));
  EXPECT_EQ(table.next_deadline(), kStart + seconds(60));
  EXPECT_FALSE(table.pop_expired(kStart + seconds(60) - Duration(1)));
  const auto first = table.pop_expired(kStart + seconds(60));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->slot, a.slot);
  EXPECT_EQ(first->hash, 101u);
  EXPECT_FALSE(table.pop_expired(kStart + seconds(60)));
  EXPECT_EQ(table.next_deadline(), kStart + seconds(65));
  const auto second = table.pop_expired(kStart + seconds(1000));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->slot, b.slot);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.next_deadline(), kNever);
}

TEST(TimeWait, EvictsTheOldestWhenFull) {
  TimeWaitTable table(3);
  const auto a = table.add(flow(tuple_v4(1)), kStart);
  for (std::uint16_t port : {std::uint16_t{2}, std::uint16_t{3}})
    EXPECT_FALSE(table.add(flow(tuple_v4(port)), kStart).evicted);
  const auto d = table.add(flow(tuple_v6(4)), kStart);
  ASSERT_TRUE(d.evicted);
  EXPECT_EQ(d.evicted->slot, a.slot);
  EXPECT_EQ(d.evicted->hash, 101u);
  EXPECT_EQ(table.size(), 3u);
  EXPECT_TRUE(table.matches(d.slot, tuple_v6(4)));
}

TEST(TimeWait, AcknowledgesARepeatedFinAndStartsAgain) {
  One w;
  const std::uint32_t other = w.table.add(flow(tuple_v4(2)), kStart + seconds(1)).slot;
  EXPECT_EQ(w.recv(fin_at(kRcvNxt - 1)), ack);
  EXPECT_EQ(w.table.next_deadline(), kStart + seconds(61));  // of the other: ours went to the tail
  EXPECT_EQ(w.table.pop_expired(kStart + seconds(69))->slot, other);
  EXPECT_TRUE(w.restarted());

  One with_data;  // the last segment again, data and FIN
  EXPECT_EQ(with_data.recv(fin_at(kRcvNxt - 101, 100)), ack);
  EXPECT_TRUE(with_data.restarted());
}

TEST(TimeWait, OnlyThePeersOwnFinStartsItAgain) {
  One w;
  EXPECT_EQ(w.recv(fin_at(kRcvNxt - 2)), ack);  // an older FIN
  EXPECT_EQ(w.recv(fin_at(kRcvNxt)), ack);      // a FIN after the FIN
  EXPECT_EQ(w.recv(ack_at(kRcvNxt - 1)), ack);  // a keep-alive probe
  TimeWaitSegment unsent = fin_at(kRcvNxt - 1);
  unsent.ack = SeqNum(kSndNxt + 1);  // acknowledges what was never sent
  EXPECT_EQ(w.recv(unsent), ack);
  TimeWaitSegment no_ack = fin_at(kRcvNxt - 1);
  no_ack.has_ack = false;
  EXPECT_EQ(w.recv(no_ack), drop);
  EXPECT_EQ(w.table.next_deadline(), kStart + seconds(60));
}

TEST(TimeWait, IgnoresRst) {
  One w;
  for (std::uint32_t seq : {kRcvNxt - 1, kRcvNxt, kRcvNxt + 10}) {
    for (bool has_ack : {false, true}) {
      EXPECT_EQ(w.recv({.seq = SeqNum(seq), .ack = SeqNum(kSndNxt), .rst = true, .has_ack = has_ack}), drop);
    }
  }
  EXPECT_EQ(w.recv({.seq = SeqNum(kRcvNxt + 1), .ack = SeqNum(0), .syn = true, .rst = true}), drop);
  EXPECT_EQ(w.table.size(), 1u);
  EXPECT_EQ(w.table.next_deadline(), kStart + seconds(60));
}

TEST(TimeWait, AnswersOldDataButNotAPlainAck) {
  One w;
  TimeWaitSegment data = ack_at(kRcvNxt - 1000);
  data.length = 500;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(w.recv(data), ack);
  data.seq = SeqNum(kRcvNxt);  // data after the FIN cannot be
  EXPECT_EQ(w.recv(data), ack);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt)), drop);
  EXPECT_EQ(w.recv({.seq = SeqNum(kRcvNxt), .ack = SeqNum(0)}), drop);  // no flag at all
  EXPECT_EQ(w.table.next_deadline(), kStart + seconds(60));
}

// Two ends in TIME-WAIT that disagree about the numbers must not answer each other's ACKs for ever.
TEST(TimeWait, AcksOutOfPlaceAreAnsweredTwiceASecondAtMost) {
  One w;
  const Instant t = kStart + seconds(1);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t), ack);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t), drop);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t + milliseconds(499)), drop);
  EXPECT_EQ(w.recv(ack_at(kRcvNxt + 5), t + milliseconds(500)), ack);
  EXPECT_EQ(w.recv(fin_at(kRcvNxt - 1), t + milliseconds(501)), ack);  // not limited
}

TEST(TimeWait, ASynWithAHigherNumberStartsANewIncarnation) {
  One w;
  const TimeWaitDecision d = w.table.on_segment(w.slot, syn_at(kRcvNxt + 1), kStart + seconds(1));
  EXPECT_EQ(d.verdict, accept_new);
  EXPECT_EQ(d.isn, SeqNum(kSndNxt + 65537));
  // In front of the wrap as well.
  One far;
  EXPECT_EQ(far.recv(syn_at(kRcvNxt + 0x7fffffff)), accept_new);
}

TEST(TimeWait, ASynWithALowerNumberIsAnOldDuplicate) {
  for (std::uint32_t seq : {kRcvNxt, kRcvNxt - 1, kRcvNxt - 0x7fffffff}) {
    One w;
    EXPECT_EQ(w.recv(syn_at(seq)), ack) << seq;
    EXPECT_EQ(w.recv(syn_at(seq)), drop) << seq;  // limited
    EXPECT_EQ(w.table.next_deadline(), kStart + seconds(60));
  }
}

// RFC 6191 §2, case by case: timestamps of the old connection, of the SYN, sequence number.
TEST(TimeWait, TimestampsDecideBeforeTheSequenceNumber) {
  const std::uint32_t ts = 0xfffffff0;  // newer ones wrap
  const std::uint32_t higher = kRcvNxt + 1, lower = kRcvNxt - 1;
  EXPECT_EQ(One(ts).recv(syn_at(lower, ts + 0x20)), accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(higher, ts + 1)), accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(higher, ts - 1)), ack);
  EXPECT_EQ(One(ts).recv(syn_at(higher, ts)), accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(lower, ts)), ack);
  EXPECT_EQ(One(ts).recv(syn_at(higher)), accept_new);
  EXPECT_EQ(One(ts).recv(syn_at(lower)), ack);
  EXPECT_EQ(One().recv(syn_at(lower, 1)), ack);
  EXPECT_EQ(One().recv(syn_at(higher, 1)), accept_new);
}

TEST(TimeWait, OtherSynsStartNothing) {
  One w;
  TimeWaitSegment syn_ack = syn_at(kRcvNxt + 1);
  syn_ack.has_ack = true;
  EXPECT_EQ(w.recv(syn_ack), ack);
  TimeWaitSegment syn_fin = syn_at(kRcvNxt + 1);
  syn_fin.fin = true;
  EXPECT_EQ(w.recv(syn_fin), drop);
  EXPECT_EQ(w.table.next_deadline(), kStart + seconds(60));
}

TEST(TimeWait, FollowsThePeersTimestamps) {
  One w(1000);
  TimeWaitSegment s = fin_at(kRcvNxt - 1);
  s.tsval = 1005;
  EXPECT_EQ(w.recv(s), ack);
  EXPECT_TRUE(w.restarted());
  EXPECT_EQ(w.table.reply(w.slot).ts_recent, 1005u);
  s = ack_at(kRcvNxt);
  s.tsval = 1010;
  EXPECT_EQ(w.recv(s), drop);
  EXPECT_EQ(w.table.reply(w.slot).ts_recent, 1010u);
  // An old duplicate of the FIN (RFC 7323 §5) is answered, but neither believed nor a reason to wait longer.
  s = fin_at(kRcvNxt - 1);
  s.tsval = 900;
  EXPECT_EQ(w.recv(s, kStart + seconds(20)), ack);
  EXPECT_EQ(w.table.reply(w.slot).ts_recent, 1010u);
  EXPECT_TRUE(w.restarted());
  // Timestamps that were not agreed on stay out.
  One without;
  s.tsval = 5;
  EXPECT_EQ(without.recv(s), ack);
  EXPECT_EQ(without.table.reply(without.slot).ts_recent, std::nullopt);
}

}  // namespace
}  // namespace leat
