#include "packet/packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace leat {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets counting_bytes(std::size_t size) {
  Octets out(size);
  std::iota(out.begin(), out.end(), std::uint8_t{1});
  return out;
}

Octets packet_content(const Packet& p) {
  Octets out;
  for (const Slice& s : p.slices()) out.insert(out.end(), s.bytes().begin(), s.bytes().end());
  EXPECT_EQ(out.size(), p.size());
  return out;
}

/// A packet of `bytes` in `pieces` slices of random sizes. Some may be empty.
Packet cut(const Octets& bytes, std::size_t pieces, Random& random, BufferPool& pool) {
  Packet p;
  std::size_t at = 0;
  for (std::size_t i = 0; i < pieces; ++i) {
    const auto left = static_cast<std::uint32_t>(bytes.size() - at);
    const std::size_t here = i + 1 == pieces ? left : random.below(left / 2 + 2) % (left + 1);
    p.append(pool.copy_of(Bytes(bytes).subspan(at, here), 4));
    at += here;
  }
  return p;
}

TEST(Packet, StartsEmpty) {
  const Packet p;
  EXPECT_TRUE(p.empty());
  EXPECT_TRUE(p.front().empty());
  EXPECT_TRUE(p.slices().empty());
  EXPECT_EQ(p.offload.checksum, ChecksumState::unchecked);
  EXPECT_EQ(p.offload.gso_size, 0);
}

TEST(Packet, HeadersArePushedIntoTheHeadroom) {
  BufferPool pool;
  Packet p(pool.copy_of(counting_bytes(3), 10));
  MutableBytes header = p.push_front(2);
  ASSERT_EQ(header.size(), 2u);
  header[0] = 0xaa, header[1] = 0xbb;
  EXPECT_EQ(packet_content(p), (Octets{0xaa, 0xbb, 1, 2, 3}));
  EXPECT_EQ(p.slices()[0].headroom(), 8u);
}

TEST(Packet, TakesAtMostEightSlices) {
  BufferPool pool;
  Packet p;
  for (std::size_t i = 0; i < Packet::kMaxSlices; ++i) {
    EXPECT_TRUE(p.has_room());
    p.append(pool.copy_of(counting_bytes(2)));
  }
  EXPECT_FALSE(p.has_room());
  EXPECT_EQ(p.size(), 16u);
}

TEST(Packet, MovingLeavesAnEmptyOneBehind) {
  BufferPool pool;
  Packet a(pool.copy_of(counting_bytes(9)));
  a.offload.gso_size = 5;
  Packet b(std::move(a));
  // NOLINTBEGIN(bugprone-use-after-move,clang-analyzer-cplusplus.Move): a moved-from packet is empty by contract
  EXPECT_TRUE(a.empty());
  EXPECT_TRUE(a.slices().empty());
  EXPECT_EQ(a.offload.gso_size, 0);
  // NOLINTEND(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(b.offload.gso_size, 5);
  Packet c(pool.copy_of(counting_bytes(1)));
  c = std::move(b);
  EXPECT_EQ(packet_content(c), counting_bytes(9));
  EXPECT_EQ(pool.blocks_in_use(), 1u);
  Packet& same = c;
  c = std::move(same);
  EXPECT_EQ(packet_content(c), counting_bytes(9));
}

TEST(Packet, CutsAgreeWithAFlatCopy) {
  BufferPool pool;
  Random random({1, 5});
  for (int round = 0; round < 5000; ++round) {
    Octets flat = counting_bytes(random.below(120));
    Packet p = cut(flat, 1 + random.below(Packet::kMaxSlices), random, pool);
    p.offload.gso_size = 7;
    for (int step = 0; step < 4; ++step) {
      const std::size_t n = random.below(static_cast<std::uint32_t>(flat.size()) + 1);
      switch (random.below(4)) {
        case 0:
          p.remove_front(n);
          flat.erase(flat.begin(), flat.begin() + static_cast<long>(n));
          break;
        case 1:
          p.truncate(n);
          flat.resize(n);
          break;
        case 2: {
          ASSERT_TRUE(p.linearize(n, pool));
          ASSERT_GE(p.front().size(), n);
          break;
        }
        default: {
          Octets out(flat.size() - n);
          ASSERT_TRUE(p.copy_out(n, out));
          ASSERT_EQ(out, Octets(flat.begin() + static_cast<long>(n), flat.end()));
        }
      }
      ASSERT_EQ(packet_content(p), flat);
      ASSERT_EQ(p.offload.gso_size, 7);
      ASSERT_LE(p.slices().size(), Packet::kMaxSlices);
    }
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(Packet, LinearizeRefusesAndLeavesEverythingAsItWas) {
  BufferPool pool(3 * 256);
  Packet p;
  for (int i = 0; i < 3; ++i) p.append(pool.copy_of(counting_bytes(4)));
  const std::uint8_t* data = p.front().data();
  EXPECT_FALSE(p.linearize(13, pool));  // longer than the packet
  EXPECT_FALSE(p.linearize(5, pool));   // the pool is empty
  EXPECT_EQ(p.slices().size(), 3u);
  EXPECT_EQ(p.size(), 12u);
  EXPECT_EQ(p.front().data(), data);
  EXPECT_TRUE(p.linearize(4, pool));  // contiguous already, so the pool is not used
  EXPECT_EQ(p.front().data(), data);
  EXPECT_FALSE(Packet{}.linearize(1, pool));
  EXPECT_TRUE(Packet{}.linearize(0, pool));
}

TEST(Packet, LinearizeWorksWithAllSlicesTaken) {
  BufferPool pool;
  Packet p;
  for (std::size_t i = 0; i < Packet::kMaxSlices; ++i) p.append(pool.copy_of(counting_bytes(3)));
  ASSERT_TRUE(p.linearize(4, pool));
  EXPECT_EQ(p.front().size(), 4u);
  EXPECT_EQ(p.size(), 24u);
  ASSERT_TRUE(p.linearize(24, pool));
  EXPECT_EQ(p.slices().size(), 1u);
}

TEST(Packet, CopyOutRefusesWhatIsNotThere) {
  BufferPool pool;
  Packet p(pool.copy_of(counting_bytes(10)));
  Octets out(5);
  EXPECT_TRUE(p.copy_out(5, out));
  EXPECT_FALSE(p.copy_out(6, out));
  EXPECT_FALSE(p.copy_out(static_cast<std::size_t>(-1), out));
  EXPECT_TRUE(p.copy_out(10, {}));
  EXPECT_FALSE(p.copy_out(11, {}));
}

TEST(Packet, ClearForgetsBytesAndFacts) {
  BufferPool pool;
  Packet p(pool.copy_of(counting_bytes(10)));
  p.offload.checksum = ChecksumState::verified;
  p.clear();
  EXPECT_TRUE(p.empty());
  EXPECT_EQ(p.offload.checksum, ChecksumState::unchecked);
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PacketBatch, KeepsOrderWhenTheFrontIsTaken) {
  BufferPool pool;
  PacketBatch batch;
  for (std::size_t i = 0; !batch.full(); ++i) batch.push(Packet(pool.copy_of(Octets(i + 1))));
  EXPECT_EQ(batch.size(), PacketBatch::kCapacity);
  EXPECT_EQ(batch.room(), 0u);
  batch.remove_front(10);
  EXPECT_EQ(batch.size(), PacketBatch::kCapacity - 10);
  EXPECT_EQ(pool.blocks_in_use(), PacketBatch::kCapacity - 10);
  std::size_t expected = 11;
  for (Packet& p : batch) EXPECT_EQ(p.size(), expected++);
  batch.remove_front(0);
  EXPECT_EQ(batch.begin()->size(), 11u);
  batch.remove_front(batch.size() - 1);
  EXPECT_EQ(batch.begin()->size(), PacketBatch::kCapacity);
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PacketBatch, APlaceMayBeFilledInPlaceOrGivenUp) {
  BufferPool pool;
  PacketBatch batch;
  batch.add().append(pool.copy_of(counting_bytes(3)));
  EXPECT_EQ(batch.size(), 1u);
  Packet& second = batch.add();
  EXPECT_TRUE(second.empty());
  second.append(pool.copy_of(counting_bytes(4)));
  batch.drop_last();
  EXPECT_EQ(batch.size(), 1u);
  EXPECT_EQ(pool.blocks_in_use(), 1u);
  EXPECT_TRUE(batch.add().empty());
}

}  // namespace
}  // namespace leat
