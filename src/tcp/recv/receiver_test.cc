#include "tcp/recv/receiver.h"

#include <gtest/gtest.h>

#include <vector>

namespace leat {
namespace {

/// A receiver whose peer has sent its SYN: RCV.NXT is 1.
Receiver opened(std::size_t limit, std::uint32_t mss = 1000) {
  Receiver r(limit, mss);
  r.set_scale(Receiver::scale_for(limit));
  r.advance_control();
  static_cast<void>(r.offer_window(false));
  return r;
}

void take(Receiver& r, BufferPool& pool, StreamPos pos, std::size_t n) {
  Slice s = pool.allocate(class_for(n), 0, n);
  static_cast<void>(r.accept(pos, {&s, 1}, pool));
}

TEST(Receiver, DuplicatesThatTouchAreOneReport) {
  BufferPool pool;
  Receiver r = opened(20000);
  r.set_reports_duplicates(true);
  take(r, pool, 1, 4000);
  r.add_duplicate(1, 1001);
  r.add_duplicate(3001, 4001);  // one a report: this is not told
  r.add_duplicate(1001, 2001);
  EXPECT_EQ(r.take_duplicate(), (Reassembly::Range{1, 2001}));
  EXPECT_FALSE(r.has_duplicate());
  EXPECT_TRUE(r.take_duplicate().empty());
}

TEST(Receiver, WithoutSackNobodyIsToldOfDuplicates) {
  BufferPool pool;
  Receiver r = opened(20000);
  take(r, pool, 1, 1000);
  take(r, pool, 2001, 1000);
  take(r, pool, 501, 3000);
  EXPECT_EQ(r.nxt(), 3501);
  EXPECT_FALSE(r.has_duplicate());
}

TEST(Receiver, AcceptabilityByTheTableOfRfc9293) {
  const Receiver r = opened(10000);  // [1, 10001)
  EXPECT_TRUE(r.is_acceptable(1, 0));
  EXPECT_TRUE(r.is_acceptable(10000, 0));
  EXPECT_TRUE(r.is_acceptable(10001, 0)) << "a peer that has filled the window acknowledges from its edge";
  EXPECT_FALSE(r.is_acceptable(10002, 0));
  EXPECT_FALSE(r.is_acceptable(0, 0));
  EXPECT_TRUE(r.is_acceptable(0, 2)) << "its second byte is new";
  EXPECT_FALSE(r.is_acceptable(0, 1));
  EXPECT_TRUE(r.is_acceptable(10000, 500));
  EXPECT_FALSE(r.is_acceptable(10001, 1));
  EXPECT_TRUE(r.is_acceptable(-5, 20000)) << "covers the whole window";
}

TEST(Receiver, AClosedWindowTakesOnlyEmptySegmentsAtItsEdge) {
  BufferPool pool;
  Receiver r = opened(1000);
  take(r, pool, 1, 1000);
  EXPECT_EQ(r.offer_window(true), 0);
  EXPECT_TRUE(r.is_acceptable(1001, 0));
  EXPECT_FALSE(r.is_acceptable(1001, 1));
  EXPECT_FALSE(r.is_acceptable(1002, 0));
  r.discard();
}

TEST(Receiver, ScaleIsTheSmallestThatFits) {
  EXPECT_EQ(Receiver::scale_for(65535), 0);
  EXPECT_EQ(Receiver::scale_for(65536), 1);
  EXPECT_EQ(Receiver::scale_for(std::size_t{1} << 20), 5);
  EXPECT_EQ(Receiver::scale_for(std::size_t{1} << 40), 14) << "RFC 7323 §2.3";
}

TEST(Receiver, TheOfferedEdgeNeverMovesBack) {
  BufferPool pool;
  Receiver r = opened(100001);  // not a multiple of the scale's unit
  StreamPos edge = 0;
  StreamPos pos = 1;
  for (int i = 0; i < 60; ++i) {
    static_cast<void>(r.offer_window(true));
    EXPECT_GE(r.window_end(), edge);
    edge = r.window_end();
    take(r, pool, pos, 1237);
    pos += 1237;
    if (i % 3 == 0) {
      std::vector<std::uint8_t> out(1700);
      r.read(out, true);
    }
  }
  r.discard();
}

TEST(Receiver, TinySegmentsCannotHoldTheWindowOpen) {
  BufferPool pool;
  Receiver r = opened(std::size_t{1} << 20);  // windows in units of 32 bytes
  StreamPos pos = 1;
  for (int i = 0; i < 40000; ++i, pos += 31) {
    static_cast<void>(r.offer_window(true));
    take(r, pool, pos, 31);
  }
  EXPECT_LE(r.readable(), (std::size_t{17} << 16) + 32) << "a unit rounded up for each of them, for ever";
  r.discard();
}

TEST(Receiver, NoUpdateIsPromisedThatTheFieldCannotExpress) {
  BufferPool pool;
  Receiver r(std::size_t{1} << 20, 1000);  // the peer does not scale
  r.advance_control();
  take(r, pool, 1, 1000);
  EXPECT_EQ(r.offer_window(true), 65535);
  EXPECT_FALSE(r.wants_window_update());
  r.discard();
}

// A pool of 1 MiB, and what others hold of it.
constexpr std::size_t kMemory = std::size_t{1} << 20;
std::vector<Slice> held_by_others(BufferPool& pool, std::size_t bytes) {
  std::vector<Slice> all;
  while (pool.bytes_in_use() <= bytes) all.push_back(pool.allocate(BufferClass::medium, 0, 0));
  return all;
}

TEST(Receiver, AShortageNeverMovesTheEdgeBackAndOffersFewSegments) {
  BufferPool pool(kMemory);
  Receiver r = opened(50000);
  static_cast<void>(r.offer_window(true));
  const std::vector<Slice> others = held_by_others(pool, kMemory / 2);
  ASSERT_TRUE(pool.is_short() && !pool.is_scarce());
  StreamPos edge = r.window_end();
  for (StreamPos pos = 1; pos < 100'001; pos += 1000) {
    r.save_memory();
    take(r, pool, pos, 1000);
    std::uint8_t sink[1000];
    static_cast<void>(r.read(sink, true));
    static_cast<void>(r.offer_window(true));
    EXPECT_GE(r.window_end(), edge);
    edge = r.window_end();
  }
  EXPECT_EQ(r.window_end() - r.nxt(), 4000);
}

TEST(Receiver, WhereMemoryIsShortASuperSegmentEarnsNoLargerWindow) {
  BufferPool pool(kMemory);
  Receiver r = opened(200'000);
  const std::vector<Slice> others = held_by_others(pool, kMemory / 2);
  r.save_memory();
  take(r, pool, 1, 60'000);
  EXPECT_EQ(r.threshold(), 4000u);
  r.discard();
}

TEST(Receiver, WhereMemoryIsScarceWhatWaitsOutOfOrderGoesFirst) {
  BufferPool pool(kMemory);
  Receiver r = opened(50'000);
  take(r, pool, 2001, 1000);
  const std::vector<Slice> others = held_by_others(pool, kMemory / 4 * 3);
  ASSERT_TRUE(pool.is_scarce());
  Slice ahead = pool.allocate(BufferClass::frame, 0, 1000);
  const Receiver::Accepted refused = r.accept(4001, {&ahead, 1}, pool);
  EXPECT_TRUE(refused.pruned && refused.refused && refused.refused_ahead);
  EXPECT_TRUE(r.sack_blocks().empty()) << "what was given up is not reported any more (RFC 2018 §8)";
  Slice next = pool.allocate(BufferClass::frame, 0, 1000);
  EXPECT_EQ(r.accept(1, {&next, 1}, pool).in_order, 1000u);
  r.discard();
}

TEST(Receiver, HoweverScarceMemoryIsAReaderGoesOnButHoardsNothing) {
  BufferPool pool(kMemory);
  Receiver r = opened(50'000);
  const std::vector<Slice> others = held_by_others(pool, kMemory / 4 * 3);
  for (StreamPos pos = 1; pos < 20'001; pos += 1000) take(r, pool, pos, 1000);
  EXPECT_EQ(r.readable(), 5000u) << "beyond 4 kB nothing more is taken";
  std::uint8_t sink[5000];
  EXPECT_EQ(r.read(sink, true), 5000u);
  take(r, pool, 5001, 1000);
  EXPECT_EQ(r.readable(), 1000u);
  r.discard();
}

TEST(Receiver, TheFinOfAClosedWindowLeavesAnEmptyWindow) {
  BufferPool pool;
  Receiver r = opened(1000);
  take(r, pool, 1, 1000);
  EXPECT_EQ(r.offer_window(true), 0);
  r.advance_control();
  EXPECT_EQ(r.window_end(), r.nxt());
  EXPECT_TRUE(r.is_acceptable(1002, 0));
  r.discard();
}

TEST(Receiver, SillyWindowsAreNotOffered) {
  BufferPool pool;
  Receiver r = opened(10000);
  take(r, pool, 1, 10000);
  EXPECT_EQ(r.offer_window(true), 0);
  std::vector<std::uint8_t> out(999);
  r.read(out, true);
  EXPECT_EQ(r.offer_window(true), 0) << "less than a segment";
  EXPECT_FALSE(r.wants_window_update());
  r.read({out.data(), 1}, true);
  EXPECT_TRUE(r.wants_window_update());
  EXPECT_EQ(r.offer_window(true), 1000);
  r.discard();
}

TEST(Receiver, HalfTheBufferIsEnoughWhenSegmentsAreLarger) {
  BufferPool pool;
  Receiver r = opened(2000, 1460);
  take(r, pool, 1, 2000);
  EXPECT_EQ(r.offer_window(true), 0);
  std::vector<std::uint8_t> out(1000);
  r.read(out, true);
  EXPECT_EQ(r.offer_window(true), 1000);
  r.discard();
}

TEST(Receiver, SmallPayloadsAreCopiedTogether) {
  BufferPool pool;
  Receiver r = opened(100000);
  StreamPos pos = 1;
  for (int i = 0; i < 1000; ++i, pos += 20) {
    Slice s = pool.allocate(BufferClass::super, 0, 20);  // as a careless device would hand it up
    static_cast<void>(r.accept(pos, {&s, 1}, pool));
  }
  EXPECT_EQ(r.readable(), 20000u);
  EXPECT_LE(pool.bytes_in_use(), 5u * 20000u);
  r.discard();
}

TEST(Receiver, TinySegmentsOutOfOrderHoldNoMoreThanTheWindowIsWorth) {
  BufferPool pool;
  Receiver r = opened(8000);
  for (StreamPos pos = 7999; pos > 1; pos -= 2) take(r, pool, pos, 1);
  EXPECT_LE(pool.bytes_in_use(), Reassembly::kLeastMemory);
  take(r, pool, 1, 1000);
  EXPECT_GE(r.nxt(), 1001) << "what is in order is always taken";
  r.discard();
}

TEST(Receiver, WithoutMemoryNothingIsAcknowledged) {
  BufferPool pool(size_of(BufferClass::super));
  Receiver r = opened(100000);
  Slice large = pool.allocate(BufferClass::super, 0, 65536);
  Slice small = large.part(0, 20);
  const Receiver::Accepted accepted = r.accept(1, {&small, 1}, pool);
  EXPECT_TRUE(accepted.refused);
  EXPECT_EQ(r.nxt(), 1);
}

}  // namespace
}  // namespace leat
