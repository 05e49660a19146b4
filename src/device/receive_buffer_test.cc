#include "device/receive_buffer.h"

#include <gtest/gtest.h>
#include <sys/uio.h>

#include <cstring>

namespace leat {
namespace {

/// Reads "lead" as far as there is one, then `size` bytes of a pattern, as readv would.
std::optional<Packet> read_frame(ReceiveBuffer& buffer, BufferPool& pool, std::size_t size) {
  if (!buffer.prepare(pool)) return std::nullopt;
  const std::size_t lead = buffer.lead().size();
  std::vector<std::uint8_t> bytes(lead, 'L');
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 7 + i / 251));
  iovec parts[2]{};
  buffer.describe(parts);
  const std::size_t first = std::min(bytes.size(), parts[0].iov_len);
  std::memcpy(parts[0].iov_base, bytes.data(), first);
  if (first < bytes.size()) std::memcpy(parts[1].iov_base, bytes.data() + first, bytes.size() - first);
  for (const std::uint8_t byte : buffer.lead()) EXPECT_EQ(byte, 'L');
  return buffer.take(size, pool);
}

void expect_pattern(const Packet& packet) {
  std::vector<std::uint8_t> bytes(packet.size());
  ASSERT_TRUE(packet.copy_out(0, bytes));
  for (std::size_t i = 0; i < bytes.size(); ++i) ASSERT_EQ(bytes[i], static_cast<std::uint8_t>(i * 7 + i / 251)) << i;
}

std::size_t memory_of(const Packet& packet) {
  std::size_t sum = 0;
  for (const Slice& s : packet.slices()) sum += s.capacity();
  return sum;
}

TEST(ReceiveBuffer, FramesOfAllSizesComeOutWholeAndPinLittle) {
  BufferPool pool;
  for (const std::size_t lead : {0u, 10u}) {
    ReceiveBuffer buffer(ReceiveBuffer::kCapacity, lead);
    for (const std::size_t size :
         {1u, 60u, 1514u, 2048u, 2049u, 9014u, 2038u, 2039u, 2048u + 16384u, 2048u + 16385u, 65549u}) {
      const auto packet = read_frame(buffer, pool, size);
      ASSERT_TRUE(packet) << size;
      EXPECT_EQ(packet->size(), size);
      expect_pattern(*packet);
      EXPECT_LE(memory_of(*packet), 4 * size + 2048) << size;
    }
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(ReceiveBuffer, WhereAllFramesAreSmallThereIsOneBlock) {
  BufferPool pool;
  iovec parts[2];
  for (const auto& [largest, count] : {std::pair{2038u, 1u}, {2039u, 2u}}) {
    ReceiveBuffer buffer(largest, 10);
    ASSERT_TRUE(buffer.prepare(pool));
    EXPECT_EQ(buffer.describe(parts), count) << largest;
    const auto packet = read_frame(buffer, pool, largest);
    ASSERT_TRUE(packet);
    expect_pattern(*packet);
  }
}

TEST(ReceiveBuffer, TheBigBlockWaitsWhileSmallFramesPass) {
  BufferPool pool;
  ReceiveBuffer buffer;
  std::vector<Packet> held;
  held.reserve(50);
  for (int i = 0; i < 50; ++i) held.push_back(std::move(*read_frame(buffer, pool, 1514)));
  EXPECT_EQ(pool.bytes_in_use(), 50u * 2048 + 65536);
}

TEST(ReceiveBuffer, AnExhaustedPoolIsNoCrash) {
  BufferPool pool(2048 + 65536);
  ReceiveBuffer buffer;
  const auto held = read_frame(buffer, pool, 1000);
  ASSERT_TRUE(held);
  EXPECT_FALSE(read_frame(buffer, pool, 1000)) << "no second frame block";
}

}  // namespace
}  // namespace leat
