#include "tcp/recv/reassembly.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace leat {
namespace {

using Range = Reassembly::Range;

Slice bytes(BufferPool& pool, StreamPos pos, std::size_t n) {
  Slice s = pool.allocate(class_for(n), 0, n);
  for (std::size_t i = 0; i < n; ++i) s.mutable_bytes()[i] = static_cast<std::uint8_t>(pos + static_cast<StreamPos>(i));
  return s;
}

TEST(Reassembly, TheNewestBlockComesFirstAndNeighboursMerge) {
  BufferPool pool;
  Reassembly r;
  r.insert(100, bytes(pool, 100, 10), pool);
  r.insert(200, bytes(pool, 200, 10), pool);
  r.insert(300, bytes(pool, 300, 10), pool);
  ASSERT_EQ(r.sack_blocks().size(), 3u);
  EXPECT_EQ(r.sack_blocks()[0], (Range{300, 310}));
  EXPECT_EQ(r.sack_blocks()[2], (Range{100, 110}));
  r.insert(110, bytes(pool, 110, 90), pool);
  ASSERT_EQ(r.sack_blocks().size(), 2u);
  EXPECT_EQ(r.sack_blocks()[0], (Range{100, 210}));
  EXPECT_EQ(r.bytes(), 120u);
  r.clear();
}

TEST(Reassembly, OnlyFourBlocksAreRemembered) {
  BufferPool pool;
  Reassembly r;
  for (StreamPos p = 0; p < 600; p += 100) r.insert(p + 100, bytes(pool, p + 100, 10), pool);
  ASSERT_EQ(r.sack_blocks().size(), 4u);
  EXPECT_EQ(r.sack_blocks()[0], (Range{600, 610}));
  EXPECT_EQ(r.sack_blocks()[3], (Range{300, 310}));
  r.clear();
}

TEST(Reassembly, WhatIsQueuedAlreadyIsADuplicate) {
  BufferPool pool;
  Reassembly r;
  EXPECT_EQ(r.insert(10, bytes(pool, 10, 20), pool), Reassembly::Outcome::queued);
  EXPECT_EQ(r.insert(12, bytes(pool, 12, 5), pool), Reassembly::Outcome::duplicate);
  EXPECT_EQ(r.insert(5, bytes(pool, 5, 30), pool), Reassembly::Outcome::queued);
  EXPECT_EQ(r.bytes(), 30u);
  r.clear();
}

TEST(Reassembly, ADuplicateIsToldAndTheBlockAroundItNext) {
  BufferPool pool;
  Reassembly r;
  r.insert(100, bytes(pool, 100, 50), pool);
  r.insert(200, bytes(pool, 200, 10), pool);
  r.insert(110, bytes(pool, 110, 10), pool);
  EXPECT_EQ(r.sack_blocks()[0], (Range{100, 150}));
  EXPECT_EQ(r.take_duplicate(), (Range{110, 120}));
  EXPECT_FALSE(r.has_duplicate());
  EXPECT_EQ(r.insert(140, bytes(pool, 140, 100), pool), Reassembly::Outcome::queued);
  EXPECT_EQ(r.take_duplicate(), (Range{140, 150})) << "not what came behind the gap";
  r.clear();
}

TEST(Reassembly, TinySegmentsCannotFillItWithoutBound) {
  BufferPool pool;
  Reassembly r;
  std::size_t queued = 0;
  for (StreamPos p = 100000; p > 0; p -= 2) {
    if (r.insert(p, bytes(pool, p, 1), pool) == Reassembly::Outcome::queued) ++queued;
  }
  EXPECT_EQ(queued, Reassembly::kMaxPieces);
  r.clear();
}

TEST(Reassembly, ALargeSegmentTakesThePlaceOfTheSmallOnesWithinIt) {
  BufferPool pool;
  Reassembly r;
  for (StreamPos p = 100; p < 1100; p += 2) r.insert(p, bytes(pool, p, 1), pool);
  EXPECT_EQ(r.pieces(), 500u);
  r.insert(1500, bytes(pool, 1500, 10), pool);
  EXPECT_EQ(r.insert(90, bytes(pool, 90, 1420), pool), Reassembly::Outcome::queued);
  EXPECT_EQ(r.pieces(), 1u);
  EXPECT_EQ(r.bytes(), 1420u);
  EXPECT_EQ(r.memory(), size_of(BufferClass::frame));
  EXPECT_EQ(pool.bytes_in_use(), r.memory());
  EXPECT_EQ(r.sack_blocks()[0], (Range{90, 1510}));
  EXPECT_EQ(r.take_duplicate(), (Range{100, 101})) << "the first of all that came twice";
  r.clear();
  EXPECT_EQ(r.memory(), 0u);
}

TEST(Reassembly, WhatNeighboursHaveAlreadyIsLeftOut) {
  BufferPool pool;
  Reassembly r;
  r.insert(100, bytes(pool, 100, 50), pool);
  r.insert(160, bytes(pool, 160, 10), pool);
  r.insert(200, bytes(pool, 200, 50), pool);
  EXPECT_EQ(r.insert(120, bytes(pool, 120, 100), pool), Reassembly::Outcome::queued);
  EXPECT_EQ(r.pieces(), 3u);
  EXPECT_EQ(r.bytes(), 150u);
  StreamPos nxt = 100;
  while (const std::optional<Slice> s = r.pop_at(nxt)) {
    for (std::uint8_t b : s->bytes()) ASSERT_EQ(b, static_cast<std::uint8_t>(nxt++));
  }
  EXPECT_EQ(nxt, 250);
  EXPECT_EQ(r.memory(), 0u);
}

TEST(Reassembly, TheBlocksOfTinySegmentsAreCharged) {
  BufferPool pool;
  Reassembly r;
  constexpr std::size_t kMost = 100000;
  for (StreamPos p = 8000; p > 0; p -= 2) r.insert(p, bytes(pool, p, 1), pool, kMost);
  EXPECT_LE(pool.bytes_in_use(), kMost);
  EXPECT_GT(pool.bytes_in_use(), kMost / 2);
  EXPECT_EQ(r.insert(1, bytes(pool, 1, 1), pool, kMost), Reassembly::Outcome::refused);
  EXPECT_EQ(r.insert(7501, bytes(pool, 7501, 400), pool, kMost), Reassembly::Outcome::queued) << "it frees more";
  r.clear();
}

TEST(Reassembly, ASmallPayloadDoesNotHoldALargeBlock) {
  BufferPool pool;
  Reassembly r;
  Slice large = pool.allocate(BufferClass::super, 0, 65536);
  r.insert(10, large.part(0, 100), pool);
  large = {};
  EXPECT_LE(pool.bytes_in_use(), size_of(BufferClass::frame));
  r.clear();
}

TEST(Reassembly, RandomPiecesComeOutAsTheStream) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    BufferPool pool;
    Random random({seed, 0});
    Reassembly r;
    std::map<StreamPos, bool> have;
    StreamPos nxt = 0;
    const StreamPos end = 3000;
    while (nxt < end) {
      const StreamPos pos = random.below(6) == 0 ? nxt : nxt + random.below(400);
      const std::size_t n = 1 + random.below(300);
      if (pos > nxt) {
        for (std::size_t i = 0; i < n; ++i) have[pos + static_cast<StreamPos>(i)] = true;
        r.insert(pos, bytes(pool, pos, n), pool);
        std::size_t ahead = 0;
        for (const auto& [p, present] : have) ahead += p >= nxt && present ? 1 : 0;
        ASSERT_EQ(r.bytes(), ahead) << "seed " << seed;
      } else {
        nxt += static_cast<StreamPos>(n);
      }
      while (const std::optional<Slice> s = r.pop_at(nxt)) {
        ASSERT_FALSE(s->empty());
        for (std::uint8_t b : s->bytes()) ASSERT_EQ(b, static_cast<std::uint8_t>(nxt++)) << "seed " << seed;
      }
      ASSERT_FALSE(have.contains(nxt)) << "something readable was kept back, seed " << seed;
      have.erase(have.begin(), have.lower_bound(nxt));
      r.forget_blocks_before(nxt);
      for (const Range& block : r.sack_blocks()) {
        ASSERT_GT(block.end, nxt);
        for (StreamPos p = std::max(block.begin, nxt); p < block.end; ++p) ASSERT_TRUE(have.contains(p));
      }
    }
    r.clear();
    ASSERT_EQ(pool.blocks_in_use(), 0u);
  }
}

}  // namespace
}  // namespace leat
