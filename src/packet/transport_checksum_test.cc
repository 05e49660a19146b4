#include "packet/transport_checksum.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "wire/icmp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace leat {
namespace {

using Octets = std::vector<std::uint8_t>;
const IpAddress kA = IpAddress::v4(192, 0, 2, 1), kB = IpAddress::v4(198, 51, 100, 2);

/// A packet of the bytes, cut at random places into at most kMaxSlices slices.
Packet in_slices(const Octets& bytes, Random& random, BufferPool& pool) {
  Packet p;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t left = bytes.size() - at;
    const bool last = p.slices().size() + 1 == Packet::kMaxSlices;
    const std::size_t here = last ? left : random.below(static_cast<std::uint32_t>(left) + 1);
    p.append(pool.copy_of(Bytes(bytes).subspan(at, here), random.below(9)));
    at += here;
  }
  return p;
}

Octets summed_content(const Packet& p) {
  Octets out(p.size());
  EXPECT_TRUE(p.copy_out(0, out));
  return out;
}

std::uint16_t pseudo_sum(IpProtocol protocol, std::size_t length) {
  ChecksumAccumulator sum;
  sum.add_pseudo_header(kA, kB, static_cast<std::uint8_t>(protocol), static_cast<std::uint32_t>(length));
  return sum.fold();
}

struct Case {
  IpProtocol protocol;
  std::size_t header, field;
};
constexpr Case kCases[] = {{IpProtocol::tcp, TcpHeader::kSize, TcpHeader::kChecksumOffset},
                           {IpProtocol::udp, UdpHeader::kSize, UdpHeader::kChecksumOffset},
                           {IpProtocol::icmp, IcmpHeader::kSize, IcmpHeader::kChecksumOffset}};

TEST(TransportChecksum, APartialOneIsCompletedOverAnySlices) {
  BufferPool pool;
  Random random({1, 2});
  for (int round = 0; round < 3000; ++round) {
    const Case c = kCases[random.below(3)];
    const std::size_t start = random.below(40), length = c.header + random.below(200);
    Octets bytes(start + length);
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random.next32());
    store_be16(bytes.data() + start + c.field, c.protocol == IpProtocol::icmp ? 0 : pseudo_sum(c.protocol, length));
    Packet p = in_slices(bytes, random, pool);
    p.offload.checksum = ChecksumState::partial;
    p.offload.checksum_start = static_cast<std::uint16_t>(start);
    p.offload.checksum_offset = static_cast<std::uint16_t>(c.field);
    const TransportSpan span{kA, kB, c.protocol, start, length};
    ASSERT_TRUE(has_good_checksum(p, span));  // a partial checksum is never bad
    ASSERT_TRUE(finish_checksum(p));
    ASSERT_EQ(p.offload.checksum, ChecksumState::unchecked);
    ASSERT_TRUE(has_good_checksum(p, span));

    Octets wrong = summed_content(p);
    const std::size_t bit = 8 * start + random.below(static_cast<std::uint32_t>(8 * length));
    wrong[bit / 8] = static_cast<std::uint8_t>(wrong[bit / 8] ^ (1u << bit % 8));
    Packet damaged = in_slices(wrong, random, pool);
    ASSERT_FALSE(has_good_checksum(damaged, span));
    damaged.offload.checksum = ChecksumState::verified;
    ASSERT_TRUE(has_good_checksum(damaged, span));  // the device has verified it
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(TransportChecksum, PaddingBehindTheSegmentDoesNotCount) {
  BufferPool pool;
  Random random({3, 4});
  Octets bytes(20);
  store_be16(bytes.data() + 16, pseudo_sum(IpProtocol::tcp, 20));
  Packet p = in_slices(bytes, random, pool);
  p.offload = {ChecksumState::partial, 0, 16, 0, 0};
  ASSERT_TRUE(finish_checksum(p));
  bytes = summed_content(p);
  bytes.resize(26, 0xab);
  EXPECT_TRUE(has_good_checksum(in_slices(bytes, random, pool), {kA, kB, IpProtocol::tcp, 0, 20}));
  EXPECT_FALSE(has_good_checksum(in_slices(bytes, random, pool), {kA, kB, IpProtocol::tcp, 0, 26}));
}

TEST(TransportChecksum, UdpNeverSendsZero) {
  BufferPool pool;
  Octets bytes(10);
  store_be16(bytes.data() + 6, pseudo_sum(IpProtocol::udp, 10));
  ChecksumAccumulator sum;
  sum.add(bytes);
  store_be16(bytes.data() + 8, sum.finish());  // the sum is now 0xffff, and its complement 0
  Packet p(pool.copy_of(bytes));
  p.offload = {ChecksumState::partial, 0, 6, 0, 0};
  ASSERT_TRUE(finish_checksum(p));
  EXPECT_EQ(load_be16(summed_content(p).data() + 6), 0xffff);
  EXPECT_TRUE(has_good_checksum(p, {kA, kB, IpProtocol::udp, 0, 10}));
}

TEST(TransportChecksum, OffloadFactsOutsideThePacketAreRefused) {
  BufferPool pool;
  const Octets bytes(30, 7);
  for (const auto& [start, offset] : {std::pair{29, 0}, {0, 29}, {14, 16}, {65535, 65535}, {65535, 0}, {30, 0}}) {
    Packet p(pool.copy_of(bytes));
    p.offload = {ChecksumState::partial, static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(offset), 0, 0};
    EXPECT_FALSE(finish_checksum(p)) << start << ',' << offset;
    EXPECT_EQ(summed_content(p), bytes);
  }
  Packet p(pool.copy_of(bytes));
  EXPECT_FALSE(has_good_checksum(p, {kA, kB, IpProtocol::tcp, 31, 0}));
  EXPECT_FALSE(has_good_checksum(p, {kA, kB, IpProtocol::tcp, 0, 31}));
  EXPECT_FALSE(has_good_checksum(p, {kA, kB, IpProtocol::tcp, 1, static_cast<std::size_t>(-1)}));
}

}  // namespace
}  // namespace leat
