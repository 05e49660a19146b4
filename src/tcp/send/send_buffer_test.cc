#include "tcp/send/send_buffer.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "base/random.h"

namespace leat {
namespace {

std::uint8_t at(StreamPos pos) { return static_cast<std::uint8_t>(pos * 7 + (pos >> 8)); }

std::vector<std::uint8_t> stream(StreamPos from, std::size_t n) {
  std::vector<std::uint8_t> data(n);
  for (std::size_t i = 0; i < n; ++i) data[i] = at(from + static_cast<StreamPos>(i));
  return data;
}

TEST(SendBuffer, GathersAnyRangeAfterAnyHistory) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    BufferPool pool;
    Random random({seed, 1});
    SendBuffer b;
    std::deque<std::vector<std::uint8_t>> lent;
    for (int step = 0; step < 300; ++step) {
      switch (random.below(5)) {
        case 0: {
          const std::size_t n = random.below(random.below(2) == 0 ? 50 : 20000);
          ASSERT_EQ(b.append(stream(b.end(), n), pool), n);
          break;
        }
        case 1: b.release_before(b.begin() + random.below(static_cast<std::uint32_t>(b.size()) / 2 + 1)); break;
        case 2: {
          lent.push_back(stream(b.end(), 1 + random.below(30000)));
          ASSERT_TRUE(b.append(pool.borrow(lent.back()), pool));
          break;
        }
        case 3: {
          const std::size_t wanted = 1 + random.below(30000),
                            least = 1 + random.below(static_cast<std::uint32_t>(wanted));
          const MutableBytes room = b.room(wanted, least, pool);
          ASSERT_TRUE(room.size() >= least && room.size() <= wanted);
          const std::vector<std::uint8_t> data =
              stream(b.end(), random.below(static_cast<std::uint32_t>(room.size()) + 1));
          std::copy(data.begin(), data.end(), room.begin());
          b.extend(data.size());
          break;
        }
        case 4: {
          if (b.size() == 0) break;
          const StreamPos pos = b.begin() + random.below(static_cast<std::uint32_t>(b.size()));
          const std::size_t n = 1 + random.below(static_cast<std::uint32_t>(b.end() - pos));
          std::array<Slice, 7> out;
          const SendBuffer::Gathered got = b.gather(pos, n, out);
          ASSERT_GT(got.length, 0u);
          ASSERT_TRUE(got.length == n || got.slices == out.size());
          StreamPos p = pos;
          for (std::size_t i = 0; i < got.slices; ++i) {
            for (std::uint8_t byte : out[i].bytes()) ASSERT_EQ(byte, at(p++)) << "seed " << seed;
          }
          ASSERT_EQ(p - pos, static_cast<StreamPos>(got.length));
        }
      }
    }
    b.clear();
    ASSERT_EQ(pool.blocks_in_use(), 0u);
  }
}

TEST(SendBuffer, ASegmentKeepsItsBytesAfterTheBufferLetGo) {
  BufferPool pool;
  SendBuffer b;
  b.append(stream(1, 100), pool);
  std::array<Slice, 7> out;
  ASSERT_EQ(b.gather(1, 100, out).length, 100u);
  b.release_before(101);
  b.append(stream(101, 3000), pool);
  for (StreamPos p = 1; p <= 100; ++p) EXPECT_EQ(out[0].bytes()[static_cast<std::size_t>(p - 1)], at(p));
  b.clear();
}

TEST(SendBuffer, SmallWritesShareABlock) {
  BufferPool pool;
  SendBuffer b;
  for (int i = 0; i < 1000; ++i) b.append(stream(b.end(), 10), pool);
  EXPECT_LE(pool.bytes_in_use(), 5u * size_of(BufferClass::frame) + size_of(BufferClass::header)) << "and their list";
  b.clear();
}

TEST(SendBuffer, TakesWhatThePoolGives) {
  BufferPool pool(2 * size_of(BufferClass::frame));
  SendBuffer b;
  EXPECT_EQ(b.append(stream(1, 2000), pool), 2000u);
  EXPECT_EQ(b.append(stream(2001, 10000), pool), 48u) << "the rest of the block, no second one of that size";
  b.clear();
}

TEST(SendBuffer, KnowsWhatIsPushed) {
  BufferPool pool;
  SendBuffer b;
  std::array<Slice, 7> out;
  b.append(stream(1, 150), pool);
  b.mark_push(101);
  EXPECT_TRUE(b.gather(1, 100, out).pushed);
  EXPECT_TRUE(b.gather(50, 100, out).pushed) << "inside";
  EXPECT_FALSE(b.gather(1, 99, out).pushed);
  EXPECT_FALSE(b.gather(101, 50, out).pushed);
  b.mark_push(121);
  b.mark_push(151);
  b.unmark_push(121);
  EXPECT_TRUE(b.gather(101, 20, out).pushed) << "not the last one";
  b.unmark_push(151);
  EXPECT_FALSE(b.gather(121, 30, out).pushed);
  b.release_before(121);
  b.append(stream(151, 100'000), pool);
  b.mark_push(b.end());
  EXPECT_TRUE(b.gather(b.end() - 10, 10, out).pushed);
  EXPECT_FALSE(b.gather(121, 1000, out).pushed);
  out = {};
  b.clear();
}

}  // namespace
}  // namespace leat
