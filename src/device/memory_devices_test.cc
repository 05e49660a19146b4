// MemoryPair and MemoryLink.
#include <gtest/gtest.h>
#include <poll.h>

#include <cstring>
#include <thread>

#include "device/memory_link.h"
#include "device/memory_pair.h"

namespace leat {
namespace {

Packet numbered(BufferPool& pool, std::uint32_t number, std::size_t size = 100) {
  Slice s = pool.allocate(class_for(size), 0, size);
  std::memset(s.mutable_bytes().data(), static_cast<int>(number & 0xff), size);
  std::memcpy(s.mutable_bytes().data(), &number, sizeof number);
  return Packet(std::move(s));
}

std::uint32_t number_of(const Packet& packet) {
  std::uint32_t n = 0;
  EXPECT_TRUE(packet.copy_out(0, {reinterpret_cast<std::uint8_t*>(&n), sizeof n}));
  return n;
}

bool is_ready(const Device& device) {
  pollfd p{device.descriptor(), POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

TEST(MemoryPair, MovesPacketsWithTheirOffloadFactsAndLeaksNone) {
  BufferPool pool;
  {
    MemoryPair pair(fast_memory_caps());
    PacketBatch batch;
    batch.push(numbered(pool, 7));
    batch.packets()[0].offload = {ChecksumState::partial, 34, 16, 54, 1460};
    const std::uint8_t* where = batch.packets()[0].front().data();
    pair.first->transmit(batch);
    EXPECT_TRUE(batch.empty());
    ASSERT_TRUE(pair.second->receive(batch, pool));
    ASSERT_EQ(batch.size(), 1u);
    EXPECT_EQ(batch.packets()[0].front().data(), where) << "moved, not copied";
    EXPECT_EQ(batch.packets()[0].offload.gso_size, 1460);
    EXPECT_EQ(pair.first->counters().tx_packets, 1u);
    EXPECT_EQ(pair.second->counters().rx_bytes, 100u);
    pair.second->transmit(batch);
    ASSERT_TRUE(batch.empty());
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u) << "what was under way is given back with the pair";
}

TEST(MemoryPair, AFullQueueIsBackPressure) {
  BufferPool pool;
  MemoryPair pair(plain_memory_caps(), 3);
  PacketBatch batch;
  for (std::uint32_t i = 0; i < 5; ++i) batch.push(numbered(pool, i));
  pair.first->transmit(batch);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(number_of(batch.packets()[0]), 3u);
  PacketBatch in;
  ASSERT_TRUE(pair.second->receive(in, pool));
  EXPECT_EQ(in.size(), 3u);
  pair.first->transmit(batch);
  EXPECT_TRUE(batch.empty());
}

TEST(MemoryPair, SendingToAnEndThatIsGoneIsALoss) {
  BufferPool pool;
  MemoryPair pair(plain_memory_caps());
  pair.second.reset();
  PacketBatch batch;
  batch.push(numbered(pool, 1));
  pair.first->transmit(batch);
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(pair.first->counters().tx_refused, 1u);
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(MemoryLink, TwoEndsAndNotThree) {
  MemoryLink link;
  auto a = link.take_end({});
  auto b = link.take_end({});
  ASSERT_TRUE(a);
  ASSERT_TRUE(b);
  const auto c = link.take_end({});
  ASSERT_FALSE(c);
  EXPECT_EQ(c.error().code, Error::address_in_use);
  a->reset();
  EXPECT_TRUE(link.take_end({})) << "an end that was given back is free";
}

TEST(MemoryLink, CopiesFramesOfAllSizesAndTheirFacts) {
  BufferPool pool, other;
  MemoryLink link;
  auto a = *link.take_end({}), b = *link.take_end({});
  PacketBatch batch;
  batch.push(numbered(pool, 1, 60));
  Packet big = numbered(pool, 2, 65536);
  big.append(pool.copy_of(std::vector<std::uint8_t>(13, 9)));
  big.offload = {ChecksumState::partial, 34, 16, 54, 1460};
  batch.push(std::move(big));
  a->transmit(batch);
  EXPECT_TRUE(is_ready(*b));
  EXPECT_EQ(pool.blocks_in_use(), 0u) << "nothing of the sender's is held";
  ASSERT_TRUE(b->receive(batch, other));
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(number_of(batch.packets()[0]), 1u);
  EXPECT_EQ(batch.packets()[0].slices()[0].capacity(), 256u);
  EXPECT_EQ(batch.packets()[1].size(), 65549u);
  EXPECT_EQ(batch.packets()[1].offload.gso_size, 1460);
  EXPECT_FALSE(is_ready(*b)) << "emptied";
}

TEST(MemoryLink, FramesBeforeAnybodyIsThereAreLost) {
  BufferPool pool;
  MemoryLink link;
  auto a = *link.take_end({});
  PacketBatch batch;
  batch.push(numbered(pool, 1));
  a->transmit(batch);
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(a->counters().tx_refused, 1u);
  auto b = *link.take_end({});
  ASSERT_TRUE(b->receive(batch, pool));
  EXPECT_TRUE(batch.empty());
}

TEST(MemoryLink, RoomAfterBackPressureWakesTheWriter) {
  BufferPool pool;
  MemoryLink link;
  auto a = *link.take_end({}), b = *link.take_end({});
  PacketBatch batch;
  do {
    batch.clear();
    while (!batch.full()) batch.push(numbered(pool, 0, 60000));
    a->transmit(batch);
  } while (batch.empty());
  EXPECT_EQ(a->write_descriptor(), -1);
  EXPECT_FALSE(is_ready(*a));
  PacketBatch in;
  ASSERT_TRUE(b->receive(in, pool));
  EXPECT_TRUE(is_ready(*a));
  a->transmit(batch);
  EXPECT_TRUE(batch.empty());
}

TEST(MemoryLink, ManyFramesBetweenThreadsArriveInOrderOnce) {
  constexpr std::uint32_t kFrames = 50000;
  MemoryLink link;
  auto a = *link.take_end({}), b = *link.take_end({});
  std::thread sender([&] {
    BufferPool pool;
    PacketBatch batch;
    for (std::uint32_t next = 0; next < kFrames || !batch.empty();) {
      while (next < kFrames && !batch.full()) {
        batch.push(numbered(pool, next, 40 + next % 1900));
        ++next;
      }
      a->transmit(batch);
      if (batch.empty()) continue;
      pollfd p{a->descriptor(), POLLIN, 0};
      ::poll(&p, 1, -1);
      PacketBatch none;
      EXPECT_TRUE(a->receive(none, pool));
    }
  });
  BufferPool pool;
  std::uint32_t next = 0;
  while (next < kFrames) {
    pollfd p{b->descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&p, 1, 10000), 1) << "stuck at " << next;
    PacketBatch batch;
    ASSERT_TRUE(b->receive(batch, pool));
    for (Packet& packet : batch) {
      ASSERT_EQ(number_of(packet), next);
      ASSERT_EQ(packet.size(), 40 + next % 1900);
      ++next;
    }
  }
  sender.join();
}

}  // namespace
}  // namespace leat
