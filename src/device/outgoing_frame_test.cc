#include "device/outgoing_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "device/virtio_header.h"

namespace leat {
namespace {

using Lead = OutgoingFrame::Lead;

Slice filled(BufferPool& pool, BufferClass which, std::size_t size, std::uint8_t value) {
  Slice s = pool.allocate(which, 0, size);
  std::memset(s.mutable_bytes().data(), value, size);
  return s;
}

/// 54 bytes of headers and `size` of payload, in a block of their own each.
Packet in_two_slices(BufferPool& pool, BufferClass which, std::size_t size) {
  Packet packet(filled(pool, BufferClass::header, 54, 1));
  packet.append(filled(pool, which, size, 2));
  return packet;
}

std::string bytes_of(std::span<const iovec> parts) {
  std::string all;
  for (const iovec& part : parts) all.append(static_cast<const char*>(part.iov_base), part.iov_len);
  return all;
}

TEST(OutgoingFrame, OneOfOrdinarySizeIsInOnePlace) {
  BufferPool pool;
  Packet packet = in_two_slices(pool, BufferClass::frame, 1460);
  OutgoingFrame frame;
  const auto parts = frame.describe(packet, Lead::none, true);
  EXPECT_EQ(parts.size(), 1u);
  EXPECT_EQ(bytes_of(parts), std::string(54, 1) + std::string(1460, 2));
}

TEST(OutgoingFrame, TheVirtioHeaderComesFirst) {
  BufferPool pool;
  Packet packet(filled(pool, BufferClass::header, 54, 1));
  packet.offload = {ChecksumState::partial, 34, 16, 0, 0};
  OutgoingFrame frame;
  const VirtioHeader header = write_virtio_header(packet, true);
  const auto parts = frame.describe(packet, Lead::virtio_header, true);
  EXPECT_EQ(parts.size(), 1u);
  EXPECT_EQ(bytes_of(parts), std::string(header.begin(), header.end()) + std::string(54, 1));
}

TEST(OutgoingFrame, WhatDoesNotFitStaysWhereItIs) {
  BufferPool pool;
  Packet packet = in_two_slices(pool, BufferClass::super, 60000);
  OutgoingFrame frame;
  const auto parts = frame.describe(packet, Lead::virtio_header, true);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].iov_len, kVirtioHeaderSize);
  EXPECT_EQ(parts[2].iov_base, packet.slices()[1].data());
  EXPECT_EQ(bytes_of(parts).substr(kVirtioHeaderSize), std::string(54, 1) + std::string(60000, 2));
}

TEST(OutgoingFrame, TheLargestThatFitsAndTheNext) {
  BufferPool pool;
  OutgoingFrame frame;
  const std::size_t most = size_of(BufferClass::frame);
  Packet fits(filled(pool, BufferClass::super, most - kVirtioHeaderSize, 3));
  const auto joined = frame.describe(fits, Lead::virtio_header, true);
  EXPECT_EQ(joined.size(), 1u);
  EXPECT_EQ(bytes_of(joined).size(), most);
  Packet longer(filled(pool, BufferClass::super, most + 1, 3));
  const auto alone = frame.describe(longer, Lead::none, true);
  ASSERT_EQ(alone.size(), 1u) << "nothing is in front";
  EXPECT_EQ(alone[0].iov_base, longer.front().data());
  EXPECT_EQ(bytes_of(alone).size(), most + 1);
}

}  // namespace
}  // namespace leat
