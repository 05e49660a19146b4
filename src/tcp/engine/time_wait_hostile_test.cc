// TimeWaitTable against whatever a peer may send, and against random use.
#include <deque>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "tcp/engine/flow_table.h"
#include "tcp/engine/time_wait.h"

namespace leat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

FourTuple tuple(Random& random) {
  const auto port = static_cast<std::uint16_t>(random.below(500));
  FourTuple t{{IpAddress::v4(10, 0, 0, 1), 80}, {IpAddress::v4(10, 0, 0, 2), port}};
  if (random.below(2) == 0) {
    t.local.address = *IpAddress::parse("2001:db8::1");
    t.remote.address = *IpAddress::parse("2001:db8::2");
  }
  return t;
}

/// Numbers near the edges more often than not.
SeqNum near(Random& random, std::uint32_t edge) {
  return random.below(4) == 0 ? SeqNum(random.next32()) : SeqNum(edge + random.below(7) - 3);
}

TimeWaitSegment any_segment(Random& random, std::uint32_t rcv_nxt, std::uint32_t snd_nxt) {
  const std::uint32_t flags = random.next32();
  TimeWaitSegment s;
  s.seq = near(random, rcv_nxt);
  s.ack = near(random, snd_nxt);
  s.length = random.below(3) == 0 ? random.below(65536) : random.below(4);
  s.syn = (flags & 1) != 0, s.fin = (flags & 2) != 0, s.rst = (flags & 12) == 0, s.has_ack = (flags & 16) != 0;
  if ((flags & 32) != 0) s.tsval = near(random, 1000).raw();
  return s;
}

TEST(TimeWaitHostile, NoSegmentChangesMoreThanItMay) {
  Random random(Seed{3, 4});
  for (int round = 0; round < 300; ++round) {
    TimeWaitTable table;
    const std::uint32_t snd_nxt = random.next32(), rcv_nxt = random.next32();
    Instant now{seconds(50)};
    const std::uint32_t slot = table
                                   .add({.tuple = tuple(random),
                                         .snd_nxt = SeqNum(snd_nxt),
                                         .rcv_nxt = SeqNum(rcv_nxt),
                                         .rcv_wnd = 1000,
                                         .ts_recent = round % 2 == 0 ? std::optional(1000u) : std::nullopt},
                                        now)
                                   .slot;
    bool challenged = false;  // a SYN has been answered with an ACK
    for (int i = 0; i < 300; ++i) {
      now += milliseconds(random.below(100));
      const TimeWaitSegment s = any_segment(random, rcv_nxt, snd_nxt);
      const Instant before = table.next_deadline();
      const auto ts_before = table.reply(slot).ts_recent;
      const TimeWaitDecision d = table.on_segment(slot, s, now);

      const bool answers_challenge = challenged && !s.syn && s.seq == SeqNum(rcv_nxt);
      ASSERT_EQ(d.verdict == TimeWaitVerdict::end, s.rst && answers_challenge);
      ASSERT_TRUE(!s.rst || answers_challenge || d.verdict == TimeWaitVerdict::drop);
      challenged |= s.syn && !s.has_ack && d.verdict == TimeWaitVerdict::ack;
      if (d.verdict == TimeWaitVerdict::accept_new) {
        ASSERT_TRUE(s.syn && !s.has_ack && !s.rst && !s.fin);
        ASSERT_TRUE(is_before(SeqNum(snd_nxt), d.isn));
      }
      if (table.next_deadline() != before) {
        ASSERT_TRUE(s.fin && s.has_ack && !s.syn && !s.rst);
        ASSERT_EQ(table.next_deadline(), now + TimeWaitTable::kDuration);
        ASSERT_EQ(d.verdict, TimeWaitVerdict::ack);
      }
      const TimeWaitReply r = table.reply(slot);
      ASSERT_EQ(r.seq, SeqNum(snd_nxt));
      ASSERT_EQ(r.ack, SeqNum(rcv_nxt));
      ASSERT_EQ(r.ts_recent.has_value(), ts_before.has_value());
      ASSERT_TRUE(!ts_before || static_cast<std::int32_t>(*r.ts_recent - *ts_before) >= 0);
    }
  }
}

// A storm of ACKs between two ends that disagree dies down to two a second.
TEST(TimeWaitHostile, TwoEndsThatDisagreeDoNotPlayPingPong) {
  TimeWaitTable a, b;
  Random random(Seed{5, 6});
  Instant now{seconds(1)};
  const FourTuple t = tuple(random);
  const auto in_a = a.add({.tuple = t, .snd_nxt = SeqNum(100), .rcv_nxt = SeqNum(200)}, now).slot;
  const auto in_b = b.add({.tuple = t.reversed(), .snd_nxt = SeqNum(300), .rcv_nxt = SeqNum(400)}, now).slot;
  int acks = 0;
  TimeWaitSegment flying{.seq = SeqNum(1), .ack = SeqNum(1), .has_ack = true};
  for (int hop = 0; hop < 10'000; ++hop) {
    TimeWaitTable& receiver = hop % 2 == 0 ? a : b;
    const std::uint32_t slot = hop % 2 == 0 ? in_a : in_b;
    now += milliseconds(1);
    if (receiver.on_segment(slot, flying, now).verdict == TimeWaitVerdict::ack) ++acks;
    const TimeWaitReply r = receiver.reply(slot);  // as if it had been sent each time
    flying = {.seq = r.seq, .ack = r.ack, .has_ack = true};
  }
  EXPECT_GT(acks, 0);
  EXPECT_LE(acks, 2 * 2 * 10 + 2);
}

/// What the table must do: a queue by deadline.
struct TimeWaitModel {
  std::deque<std::pair<std::uint32_t, Instant>> queue;  // slot, deadline
  void add(std::uint32_t slot, Instant now) { queue.emplace_back(slot, now + TimeWaitTable::kDuration); }
  void remove(std::uint32_t slot) {
    std::erase_if(queue, [&](const auto& e) { return e.first == slot; });
  }
};

TEST(TimeWaitHostile, AgreesWithAQueueAndAFlowTableUnderRandomUse) {
  Random random(Seed{7, 8});
  constexpr std::size_t kMaximum = 600;
  const SipKey key = random.derive_key();
  TimeWaitTable table(kMaximum);
  FlowTable flows(2000);
  TimeWaitModel model;
  Instant now{seconds(0)};
  const auto forget = [&](TimeWaitTable::Removed gone) {
    ASSERT_EQ(gone.slot, model.queue.front().first);
    model.queue.pop_front();
    ASSERT_TRUE(flows.erase(gone.hash, {FlowKind::time_wait, gone.slot}));
  };
  int evictions = 0, expiries = 0, restarts = 0;
  for (int step = 0; step < 30'000; ++step) {
    const bool rush = step / 5000 % 2 == 0;  // fills up, then drains
    now += milliseconds(random.below(rush ? 20 : 400));
    while (const auto gone = table.pop_expired(now)) {
      ASSERT_LE(model.queue.front().second, now);
      forget(*gone);
      ++expiries;
    }
    const FourTuple t = tuple(random);
    const std::uint32_t hash = flow_hash(key, t);
    const auto found = flows.find(hash, [&](FlowRef f) { return table.matches(f.slot, t); });
    if (!found) {
      const auto added = table.add({.tuple = t, .hash = hash, .snd_nxt = SeqNum(10), .rcv_nxt = SeqNum(20)}, now);
      if (added.evicted) forget(*added.evicted), ++evictions;
      model.add(added.slot, now);
      ASSERT_TRUE(flows.insert(hash, {FlowKind::time_wait, added.slot}));
    } else if (random.below(3) == 0) {
      table.remove(found->slot);
      model.remove(found->slot);
      ASSERT_TRUE(flows.erase(hash, *found));
    } else {
      table.on_segment(found->slot, {.seq = SeqNum(19), .ack = SeqNum(10), .fin = true, .has_ack = true}, now);
      model.remove(found->slot);
      model.add(found->slot, now);
      ++restarts;
    }
    ASSERT_EQ(table.size(), model.queue.size());
    ASSERT_EQ(table.size(), flows.size());
    ASSERT_LE(table.size(), kMaximum);
    ASSERT_EQ(table.next_deadline(), model.queue.empty() ? kNever : model.queue.front().second);
  }
  EXPECT_GT(evictions, 100);
  EXPECT_GT(expiries, 100);
  EXPECT_GT(restarts, 100);
}

}  // namespace
}  // namespace leat
