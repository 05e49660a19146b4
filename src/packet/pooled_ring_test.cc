#include "packet/pooled_ring.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"

namespace leat {
namespace {

TEST(PooledRing, HoldsABlockOnlyWhileItHoldsSomething) {
  BufferPool pool;
  PooledRing<std::uint64_t> ring;
  EXPECT_EQ(pool.blocks_in_use(), 0u);
  ASSERT_TRUE(ring.push_back(7, pool));
  EXPECT_EQ(pool.bytes_in_use(), size_of(BufferClass::header));
  EXPECT_EQ(ring.front(), 7u);
  ring.pop_front();
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PooledRing, GrowsFromBlockToBlockAndLetsGoOfTheOld) {
  BufferPool pool;
  PooledRing<std::uint64_t> ring;
  for (std::uint64_t i = 0; i < ring.kMost; ++i) {
    ASSERT_TRUE(ring.push_back(i, pool));
    ASSERT_EQ(pool.blocks_in_use(), 1u);
  }
  EXPECT_FALSE(ring.push_back(0, pool)) << "there is no larger block";
  for (std::uint64_t i = 0; i < ring.kMost; ++i) ASSERT_EQ(ring[i], i);
  ring.clear();
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PooledRing, ARefusedPushChangesNothing) {
  BufferPool pool(size_of(BufferClass::header));
  PooledRing<std::uint64_t> ring;
  std::uint64_t n = 0;
  while (ring.push_back(n, pool)) ++n;
  EXPECT_EQ(n, size_of(BufferClass::header) / sizeof(n) - 1) << "one place is the ring's own";
  EXPECT_FALSE(ring.insert(1, 99, pool));
  EXPECT_EQ(ring.size(), n);
  for (std::uint64_t i = 0; i < n; ++i) EXPECT_EQ(ring[i], i);
}

TEST(PooledRing, IsADequeOfSlices) {
  BufferPool pool;
  Random random({1, 2});
  {
    PooledRing<Slice> ring;
    std::deque<std::uint8_t> expected;
    std::uint8_t next = 0;
    for (int step = 0; step < 20'000; ++step) {
      const std::uint64_t what = random.next() % 8;
      if (what < 4 || (what == 4 && step / 2000 % 2 == 0)) {
        Slice slice = pool.allocate(BufferClass::header, 0, 1);
        slice.mutable_bytes()[0] = ++next;
        const std::size_t at = what == 0 ? random.next() % (ring.size() + 1) : ring.size();
        ASSERT_TRUE(ring.insert(at, std::move(slice), pool));
        expected.insert(expected.begin() + static_cast<std::ptrdiff_t>(at), next);
      } else if (!expected.empty() && what == 7) {
        ring.pop_back(), expected.pop_back();
      } else if (!expected.empty()) {
        ring.pop_front(), expected.pop_front();
      }
      ASSERT_EQ(ring.size(), expected.size());
      if (expected.empty()) continue;
      const std::size_t i = random.next() % expected.size();
      ASSERT_EQ(ring[i].data()[0], expected[i]);
      ASSERT_EQ(ring.front().data()[0], expected.front());
      ASSERT_EQ(ring.back().data()[0], expected.back());
    }
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

}  // namespace
}  // namespace leat
