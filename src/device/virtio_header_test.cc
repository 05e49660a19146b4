#include "device/virtio_header.h"

#include <gtest/gtest.h>

#include <cstring>

namespace leat {
namespace {

// Field offsets of struct virtio_net_hdr, in the machine's byte order.
VirtioHeader header(int flags, int gso_type, int hdr_len, int gso_size, int start, int offset) {
  VirtioHeader h{static_cast<std::uint8_t>(flags), static_cast<std::uint8_t>(gso_type)};
  const std::uint16_t words[4] = {static_cast<std::uint16_t>(hdr_len), static_cast<std::uint16_t>(gso_size),
                                  static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(offset)};
  std::memcpy(h.data() + 2, words, sizeof words);
  return h;
}

/// An Ethernet frame whose TCP header is at 34 and has `doff` words; the IP version is `version`.
Packet frame(BufferPool& pool, std::size_t size, std::uint8_t doff = 5, std::uint8_t version = 4) {
  Slice s = pool.allocate(BufferClass::medium, 0, size);
  std::memset(s.mutable_bytes().data(), 0, size);
  if (size > 14) s.mutable_bytes()[14] = static_cast<std::uint8_t>(version << 4 | 5);
  if (size > 46) s.mutable_bytes()[46] = static_cast<std::uint8_t>(doff << 4);
  return Packet(std::move(s));
}

TEST(VirtioHeader, AnEmptyOneSaysNothing) {
  BufferPool pool;
  const auto o = read_virtio_header(header(0, 0, 0, 0, 0, 0), frame(pool, 100));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->checksum, ChecksumState::unchecked);
  EXPECT_EQ(o->gso_size, 0);
}

TEST(VirtioHeader, DataValidMeansVerified) {
  BufferPool pool;
  EXPECT_EQ(read_virtio_header(header(2, 0, 0, 0, 0, 0), frame(pool, 100))->checksum, ChecksumState::verified);
}

TEST(VirtioHeader, APartialChecksumMustLieInsideThePacket) {
  BufferPool pool;
  const auto o = read_virtio_header(header(1, 0, 0, 0, 34, 6), frame(pool, 42));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->checksum, ChecksumState::partial);
  EXPECT_EQ(o->checksum_start, 34);
  EXPECT_EQ(o->checksum_offset, 6);
  EXPECT_FALSE(read_virtio_header(header(1, 0, 0, 0, 34, 7), frame(pool, 42)));
  EXPECT_FALSE(read_virtio_header(header(1, 0, 0, 0, 0xffff, 0xffff), frame(pool, 42)));
}

TEST(VirtioHeader, TheHeaderLengthOfASuperSegmentIsWorkedOutNotBelieved) {
  BufferPool pool;
  const auto o = read_virtio_header(header(1, 1 | 0x80, 9999, 1448, 34, 16), frame(pool, 8000, 8));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->gso_size, 1448);
  EXPECT_EQ(o->header_length, 34 + 32);
}

TEST(VirtioHeader, ASuperSegmentOfOneSegmentIsAPlainOne) {
  BufferPool pool;
  const auto o = read_virtio_header(header(1, 4, 0, 1460, 34, 16), frame(pool, 54 + 1460));
  ASSERT_TRUE(o);
  EXPECT_EQ(o->gso_size, 0);
  EXPECT_EQ(o->checksum, ChecksumState::partial);
}

TEST(VirtioHeader, LyingSuperSegmentsAreRefused) {
  BufferPool pool;
  EXPECT_FALSE(read_virtio_header(header(1, 1, 0, 0, 34, 16), frame(pool, 8000))) << "segments of no size";
  EXPECT_FALSE(read_virtio_header(header(1, 3, 0, 1448, 34, 6), frame(pool, 8000))) << "UDP fragmentation";
  EXPECT_FALSE(read_virtio_header(header(1, 5, 0, 1448, 34, 6), frame(pool, 8000))) << "UDP segmentation";
  EXPECT_FALSE(read_virtio_header(header(1, 1, 0, 1448, 34, 6), frame(pool, 8000))) << "not TCP's checksum field";
  EXPECT_FALSE(read_virtio_header(header(1, 1, 0, 1448, 34, 16), frame(pool, 8000, 4))) << "data offset 4";
  EXPECT_FALSE(read_virtio_header(header(1, 1, 0, 10, 34, 16), frame(pool, 60, 15))) << "header beyond the end";
}

TEST(VirtioHeader, RoundTrip) {
  BufferPool pool;
  Packet p = frame(pool, 8000, 8);
  p.offload = {ChecksumState::partial, 34, 16, 66, 1448};
  EXPECT_EQ(write_virtio_header(p, true), header(1, 1, 66, 1448, 34, 16));
  Packet six = frame(pool, 8000, 8, 6);
  six.offload = p.offload;
  EXPECT_EQ(write_virtio_header(six, true), header(1, 4, 66, 1448, 34, 16));
  p.slices()[0].mutable_bytes()[47] = 0x90;  // CWR and ACK
  EXPECT_EQ(write_virtio_header(p, true), header(1, 0x81, 66, 1448, 34, 16));
  const auto back = read_virtio_header(write_virtio_header(p, true), p);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->header_length, 66);
  EXPECT_EQ(back->gso_size, 1448);
}

TEST(VirtioHeader, ADatagramWithoutLinkHeaderKeepsItsVersionInFront) {
  BufferPool pool;
  Packet p = frame(pool, 8000);
  p.slices()[0].mutable_bytes()[0] = 0x45;
  p.offload = {ChecksumState::partial, 20, 16, 40, 1460};
  EXPECT_EQ(write_virtio_header(p, false), header(1, 1, 40, 1460, 20, 16));
}

TEST(VirtioHeader, FilledInChecksumsAskForNothing) {
  BufferPool pool;
  Packet p = frame(pool, 100);
  EXPECT_EQ(write_virtio_header(p, true), VirtioHeader{});
  p.offload.checksum = ChecksumState::verified;
  EXPECT_EQ(write_virtio_header(p, true), VirtioHeader{});
}

}  // namespace
}  // namespace leat
