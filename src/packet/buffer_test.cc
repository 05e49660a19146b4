#include "packet/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace leat {
namespace {

constexpr std::size_t kFrame = size_of(BufferClass::frame);

TEST(BufferClass, IsTheSmallestThatHolds) {
  EXPECT_EQ(class_for(0), BufferClass::header);
  for (const BufferClass c : {BufferClass::header, BufferClass::frame, BufferClass::medium}) {
    EXPECT_EQ(class_for(size_of(c)), c);
    EXPECT_NE(class_for(size_of(c) + 1), c);
  }
  EXPECT_EQ(class_for(65536), BufferClass::super);
  EXPECT_EQ(class_for(1u << 20), BufferClass::super);
}

TEST(BufferPool, ASliceStartsBehindItsHeadroom) {
  BufferPool pool;
  Slice s = pool.allocate(BufferClass::frame, 64, 1500);
  ASSERT_TRUE(s);
  EXPECT_EQ(s.size(), 1500u);
  EXPECT_EQ(s.headroom(), 64u);
  EXPECT_EQ(s.tailroom(), kFrame - 1564);
  EXPECT_EQ(s.capacity(), kFrame);
  EXPECT_TRUE(s.is_unique());
  std::fill(s.mutable_bytes().begin(), s.mutable_bytes().end(), std::uint8_t{7});
  s.extend_front(64);
  s.extend_back(s.tailroom());
  EXPECT_EQ(s.size(), kFrame);
  EXPECT_EQ(s.bytes()[64], 7);
  s.remove_front(64);
  s.truncate(1500);
  EXPECT_EQ(s.headroom(), 64u);
  EXPECT_EQ(s.bytes().back(), 7);
}

TEST(BufferPool, BorrowedBytesAreReferredToUntilTheLastSliceIsGone) {
  BufferPool pool;
  const std::vector<std::uint8_t> theirs(100'000, 9);
  int released = 0;
  {
    Slice part;
    {
      Slice all = pool.borrow(theirs);
      ASSERT_TRUE(all && all.is_borrowed());
      EXPECT_EQ(all.data(), theirs.data());
      EXPECT_EQ(all.size(), theirs.size());
      EXPECT_EQ(all.capacity(), theirs.size());
      EXPECT_EQ(all.tailroom() + all.headroom(), 0u) << "nothing may be written there";
      EXPECT_EQ(pool.bytes_in_use(), size_of(BufferClass::header)) << "they are not the pool's";
      all.when_released({[](void* count) { ++*static_cast<int*>(count); }, &released});
      part = all.part(1000, 50);
    }
    EXPECT_EQ(part.data(), theirs.data() + 1000);
    EXPECT_EQ(part.tailroom() + part.headroom(), 0u);
    EXPECT_EQ(part.weight(), 50u);
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
  EXPECT_EQ(pool.blocks_in_use(), 0u);
  Slice own = pool.allocate(BufferClass::header, 0, 8);
  EXPECT_FALSE(own.is_borrowed()) << "the block has its own bytes again";
  EXPECT_NE(own.data(), theirs.data());
}

TEST(BufferPool, AnEmptySliceIsHarmless) {
  Slice s;
  EXPECT_FALSE(s);
  EXPECT_EQ(s.size() + s.headroom() + s.tailroom() + s.capacity(), 0u);
  EXPECT_TRUE(s.bytes().empty() && s.mutable_bytes().empty());
  EXPECT_FALSE(s.is_unique());
  Slice copy = s;
  EXPECT_FALSE(copy);
}

TEST(BufferPool, CountsReferencesNotCopies) {
  BufferPool pool;
  {
    Slice a = pool.allocate(BufferClass::frame, 0, 100);
    Slice b = a;
    Slice part = a.part(10, 20);
    EXPECT_EQ(part.data(), a.data() + 10);
    EXPECT_EQ(part.size(), 20u);
    EXPECT_FALSE(a.is_unique());
    EXPECT_EQ(pool.blocks_in_use(), 1u);
    EXPECT_EQ(pool.bytes_in_use(), kFrame);
    const Slice moved = std::move(b);
    EXPECT_FALSE(b);  // NOLINT(bugprone-use-after-move): a moved-from slice is empty by contract
    a = Slice{};
    part = Slice{};
    EXPECT_TRUE(moved.is_unique());
    EXPECT_EQ(pool.blocks_in_use(), 1u);
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(BufferPool, ASliceMayBeAssignedToItself) {
  BufferPool pool;
  Slice a = pool.allocate(BufferClass::header, 0, 5);
  const std::uint8_t* data = a.data();
  Slice& same = a;
  a = same;
  EXPECT_EQ(a.data(), data);
  EXPECT_TRUE(a.is_unique());
}

TEST(BufferPool, ReturnedBlocksAreUsedAgain) {
  BufferPool pool;
  const std::uint8_t* first = pool.allocate(BufferClass::frame, 0, 1).data();
  EXPECT_EQ(pool.bytes_kept(), kFrame);
  const Slice other = pool.allocate(BufferClass::header, 0, 1);
  EXPECT_EQ(pool.bytes_kept(), kFrame);
  const Slice again = pool.allocate(BufferClass::frame, 0, 1);
  EXPECT_EQ(again.data(), first);
  EXPECT_EQ(pool.bytes_kept(), 0u);
}

TEST(BufferPool, RefusesBeyondItsLimit) {
  BufferPool pool(3 * kFrame);
  std::vector<Slice> held;
  held.reserve(3);
  for (int i = 0; i < 3; ++i) held.push_back(pool.allocate(BufferClass::frame, 0, 1));
  EXPECT_TRUE(std::all_of(held.begin(), held.end(), [](const Slice& s) { return bool{s}; }));
  EXPECT_FALSE(pool.allocate(BufferClass::header, 0, 1));
  EXPECT_EQ(pool.refusals(), 1u);
  held.pop_back();
  EXPECT_TRUE(pool.allocate(BufferClass::frame, 0, 1));
}

TEST(BufferPool, KeptBlocksOfOneSizeMakeWayForAnother) {
  BufferPool pool(size_of(BufferClass::super));
  { const Slice small = pool.allocate(BufferClass::frame, 0, 1); }
  EXPECT_EQ(pool.bytes_kept(), kFrame);
  const Slice big = pool.allocate(BufferClass::super, 0, 1);
  EXPECT_TRUE(big);
  EXPECT_EQ(pool.bytes_kept(), 0u);
  EXPECT_EQ(pool.refusals(), 0u);
}

TEST(BufferPool, KeepsOnlySoMuchForReuse) {
  BufferPool pool;
  std::vector<Slice> held;
  held.reserve(200);
  for (int i = 0; i < 200; ++i) held.push_back(pool.allocate(BufferClass::super, 0, 1));
  held.clear();
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  EXPECT_LE(pool.bytes_kept(), std::size_t{4} << 20);
  EXPECT_GT(pool.bytes_kept(), 0u);
}

TEST(BufferPool, CopiesIntoTheSmallestClass) {
  BufferPool pool;
  const std::vector<std::uint8_t> data(250, 9);
  const Slice tight = pool.copy_of(data);
  EXPECT_EQ(tight.capacity(), size_of(BufferClass::header));
  EXPECT_TRUE(std::equal(data.begin(), data.end(), tight.bytes().begin(), tight.bytes().end()));
  const Slice roomy = pool.copy_of(data, 7);
  EXPECT_EQ(roomy.capacity(), kFrame);
  EXPECT_EQ(roomy.headroom(), 7u);
  EXPECT_TRUE(pool.copy_of({}));
  EXPECT_FALSE(pool.copy_of(std::vector<std::uint8_t>(65537)));
  EXPECT_FALSE(pool.copy_of(std::vector<std::uint8_t>(65536), 1));
}

TEST(BufferPool, RandomUseKeepsTheBooksRight) {
  BufferPool pool(std::size_t{1} << 20);
  Random random({4, 2});
  std::vector<std::pair<Slice, std::uint8_t>> held;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    if (random.chance(0.55)) {
      const std::size_t size = random.below(random.chance(0.8) ? 2000 : 60000);
      Slice s = pool.allocate(class_for(size), 0, size);
      if (!s) continue;
      const auto mark = static_cast<std::uint8_t>(i);
      std::fill(s.mutable_bytes().begin(), s.mutable_bytes().end(), mark);
      held.emplace_back(std::move(s), mark);
    } else if (!held.empty()) {
      const std::size_t at = random.below(static_cast<std::uint32_t>(held.size()));
      const auto& [s, mark] = held[at];
      ASSERT_TRUE(std::all_of(s.bytes().begin(), s.bytes().end(), [m = mark](std::uint8_t b) { return b == m; }));
      std::swap(held[at], held.back());
      held.pop_back();
    }
    std::size_t bytes = 0;
    if (i % 100 == 0) {
      for (const auto& [s, mark] : held) bytes += s.capacity();
      ASSERT_EQ(pool.bytes_in_use(), bytes);
      ASSERT_EQ(pool.blocks_in_use(), held.size());
      ASSERT_LE(pool.bytes_in_use() + pool.bytes_kept(), std::size_t{1} << 20);
    }
  }
  EXPECT_GT(pool.refusals(), 0u);
}

TEST(BufferPool, TellsWhatIsInUseAndFreeBySize) {
  BufferPool pool(1 << 20);
  Slice a = pool.allocate(BufferClass::header, 0, 10);
  Slice b = pool.allocate(BufferClass::super, 0, 10);
  Slice c = a;
  MemoryInfo info = pool.info();
  EXPECT_EQ(info.limit, std::uint64_t{1} << 20);
  EXPECT_EQ(info.buffers[0].size, 256u);
  EXPECT_EQ(info.buffers[0].in_use, 1u) << "shared, but one block";
  EXPECT_EQ(info.buffers[3].in_use, 1u);
  a = {}, b = {}, c = {};
  info = pool.info();
  for (const BufferUse& use : info.buffers) EXPECT_EQ(use.in_use, 0u);
  EXPECT_EQ(info.buffers[0].kept, 1u);
  EXPECT_EQ(info.buffers[3].kept, 1u);
  std::vector<Slice> many;
  while (Slice s = pool.allocate(BufferClass::medium, 0, 1)) many.push_back(std::move(s));
  info = pool.info();
  EXPECT_EQ(info.buffers[2].in_use, 64u);
  EXPECT_EQ(info.buffers[0].kept + info.buffers[3].kept, 0u) << "given up for others";
  EXPECT_EQ(info.refusals, 1u);
}

}  // namespace
}  // namespace leat
