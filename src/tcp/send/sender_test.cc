#include "tcp/send/sender.h"

#include <gtest/gtest.h>

#include <vector>

namespace leat {
namespace {

constexpr std::int64_t kPlenty = 1 << 30;

/// Established: the SYN is acknowledged, the peer offers `window` bytes, MSS 1000.
struct Opened : Sender {
  explicit Opened(std::uint32_t window, bool nodelay = false) : Sender(100000, nodelay) {
    attach(queue);
    peer().set_mss(1000);
    syn_sent();
    peer().begin(0, 0, window);
    on_ack(1);
  }
  SendQueue queue;
};

void write(Sender& s, BufferPool& pool, std::size_t n) {
  const std::vector<std::uint8_t> data(n);
  ASSERT_EQ(s.write(data, pool), n);
}

TEST(Sender, WholeSegmentsGoAndTheRestFollowsWhenItEmptiesTheBuffer) {
  BufferPool pool;
  Opened s(60000);
  write(s, pool, 2500);
  const auto plan = s.next_new(kPlenty, 65000, false);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->length, 2500u);
  s.sent(*plan);
  write(s, pool, 1500);
  const auto next = s.next_new(kPlenty, 65000, false);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->length, 1000u) << "a small segment is out, so Nagle holds the second one";
  s.discard();
}

TEST(Sender, CongestionAllowanceAndBurstLimitCut) {
  BufferPool pool;
  Opened s(60000);
  write(s, pool, 10000);
  EXPECT_EQ(s.next_new(3500, 65000, false)->length, 3000u) << "whole segments only";
  EXPECT_EQ(s.next_new(kPlenty, 2000, false)->length, 2000u);
  EXPECT_FALSE(s.next_new(0, 65000, false).has_value());
  EXPECT_FALSE(s.next_new(-50, 65000, false).has_value());
  s.discard();
}

TEST(Sender, SillyWindowsAreNotFilled) {
  BufferPool pool;
  Opened s(5000);
  s.peer().update(1, 1, 300, false);
  write(s, pool, 4000);
  EXPECT_FALSE(s.next_new(kPlenty, 65000, false).has_value()) << "300 of a window that was 5000";
  EXPECT_TRUE(s.is_blocked_by_window());
  EXPECT_EQ(s.next_new(kPlenty, 65000, true)->length, 300u) << "the override timer";
  s.discard();
}

TEST(Sender, ASmallWindowThatNeverWasLargerIsFilled) {
  BufferPool pool;
  Opened s(300);
  write(s, pool, 4000);
  EXPECT_EQ(s.next_new(kPlenty, 65000, false)->length, 300u);
  s.discard();
}

TEST(Sender, OldSegmentsDoNotChangeTheWindow) {
  Opened s(5000);
  EXPECT_TRUE(s.peer().update(100, 1, 6000, false));
  EXPECT_FALSE(s.peer().update(99, 1, 10, false)) << "an older sequence number";
  EXPECT_EQ(s.peer().size(), 6000u);
  EXPECT_TRUE(s.peer().update(100, 1, 7000, false)) << "the same numbers: a window update";
  s.peer().set_scale(7);
  EXPECT_TRUE(s.peer().update(100, 1, 10, true));
  EXPECT_EQ(s.peer().size(), 1280u);
}

TEST(Sender, WindowUpdatesGoOnWhereSequenceNumbersWrap) {
  Opened s(5000);
  for (StreamPos seq = 100; seq < StreamPos{5} << 32; seq += 1'500'000'000) {
    EXPECT_TRUE(s.peer().update(seq, 1, 6000, false)) << seq;
    EXPECT_FALSE(s.peer().update(seq - 1, 1, 10, false)) << seq;
    EXPECT_TRUE(s.peer().update(seq, 1, 5000, false)) << seq;
  }
}

TEST(Sender, ANewAckBringsItsWindowWhateverItsSequenceNumber) {
  BufferPool pool;
  Opened s(5000);
  write(s, pool, 1000);
  s.sent(*s.next_new(kPlenty, 65000, false));
  EXPECT_TRUE(s.peer().update(100, 1, 6000, false));
  EXPECT_TRUE(s.peer().update(1, 501, 2000, false)) << "a retransmission of the peer with news in it";
  EXPECT_EQ(s.peer().size(), 2000u);
  s.discard();
}

TEST(Sender, FinTakesAPositionAndWaitsForWindow) {
  BufferPool pool;
  Opened s(1000);
  write(s, pool, 1000);
  s.queue_fin();
  const auto plan = s.next_new(kPlenty, 65000, false);
  EXPECT_EQ(plan->length, 1000u);
  EXPECT_FALSE(plan->fin) << "the window ends before it";
  s.sent(*plan);
  EXPECT_FALSE(s.next_new(kPlenty, 65000, false).has_value());
  s.on_ack(1001);
  const auto fin = s.next_new(0, 65000, false);
  ASSERT_TRUE(fin.has_value()) << "whatever cwnd says";
  EXPECT_TRUE(fin->fin);
  s.sent(*fin);
  EXPECT_FALSE(s.fin_acked());
  s.on_ack(1002);
  EXPECT_TRUE(s.fin_acked());
  EXPECT_TRUE(s.everything_acked());
}

TEST(Sender, AWindowTakenBackLeavesANegativeRest) {
  BufferPool pool;
  Opened s(5000);
  write(s, pool, 5000);
  s.sent(*s.next_new(kPlenty, 65000, false));
  s.peer().update(1, 1, 1000, false);
  EXPECT_EQ(s.usable_window(), -4000);
  EXPECT_FALSE(s.next_new(kPlenty, 65000, true).has_value());
  s.discard();
}

TEST(Sender, AgainCoversExactlyWhatIsAskedAndTheFinWhenItIsInIt) {
  BufferPool pool;
  Opened s(60000);
  write(s, pool, 2500);
  s.queue_fin();
  s.sent(*s.next_new(kPlenty, 65000, false));
  EXPECT_EQ(s.again(1, 1001, 65000).length, 1000u);
  EXPECT_FALSE(s.again(1, 1001, 65000).fin);
  const Sender::Plan rest = s.again(1001, 2502, 65000);
  EXPECT_EQ(rest.length, 1500u);
  EXPECT_TRUE(rest.fin);
  EXPECT_EQ(s.again(1001, 2502, 1000).length, 1000u);
  EXPECT_FALSE(s.again(1001, 2502, 1000).fin);
  s.discard();
}

}  // namespace
}  // namespace leat
