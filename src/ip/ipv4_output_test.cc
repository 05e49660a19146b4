#include "ip/ipv4_output.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(Ipv4Output, WritesTheHeaderIntoTheHeadroom) {
  BufferPool pool;
  Packet p(pool.allocate(BufferClass::frame, 64, 100));
  const std::uint8_t* payload = p.front().data();
  ASSERT_TRUE(push_ipv4(
      p, {.source = IpAddress::v4(10, 0, 0, 1), .destination = IpAddress::v4(10, 0, 0, 2), .tos = 0x10, .id = 77}));
  ASSERT_TRUE(push_ethernet(p, make_ethernet({{2, 0, 0, 0, 0, 1}}, {{2, 0, 0, 0, 0, 2}}, EtherType::ipv4)));
  EXPECT_EQ(p.size(), 134u);
  EXPECT_EQ(p.front().data(), payload - 34);
  EXPECT_EQ(EthernetHeader::parse(p.front())->ether_type(), EtherType::ipv4);
  const auto ip = Ipv4Header::parse(p.front().subspan(14));
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->total_length, 120);
  EXPECT_EQ(ip->ttl, 64);
  EXPECT_EQ(ip->tos, 0x10);
  EXPECT_EQ(ip->id, 77);
  EXPECT_TRUE(ip->dont_fragment);
  EXPECT_EQ(ip->protocol, IpProtocol::tcp);
}

TEST(Ipv4Output, KeepsOffloadFactsTrue) {
  BufferPool pool;
  Packet p(pool.allocate(BufferClass::frame, 64, 1000));
  p.offload = {ChecksumState::partial, 0, 16, 20, 500};
  ASSERT_TRUE(push_ipv4(p, {.source = IpAddress::v4(10, 0, 0, 1), .destination = IpAddress::v4(10, 0, 0, 2)}));
  EXPECT_EQ(p.offload.checksum_start, 20);
  EXPECT_EQ(p.offload.header_length, 40);
  ASSERT_TRUE(push_ethernet(p, {}));
  EXPECT_EQ(p.offload.checksum_start, 34);
  EXPECT_EQ(p.offload.checksum_offset, 16);
  EXPECT_EQ(p.offload.header_length, 54);
  remove_header(p, 14);
  EXPECT_EQ(p.offload.checksum_start, 20);
  EXPECT_EQ(p.offload.header_length, 40);
  remove_header(p, 30);  // beyond the offload facts
  EXPECT_EQ(p.offload.checksum_start, 0);
}

TEST(Ipv4Output, RefusesWithoutRoomAndChangesNothing) {
  BufferPool pool;
  Packet tight(pool.allocate(BufferClass::frame, 19, 10));
  tight.offload = {ChecksumState::partial, 0, 16, 0, 0};
  EXPECT_FALSE(push_ipv4(tight, {}));
  EXPECT_EQ(tight.size(), 10u);
  EXPECT_EQ(tight.offload.checksum_start, 0);
  Packet empty;
  EXPECT_FALSE(push_ipv4(empty, {}));
  EXPECT_FALSE(push_ethernet(empty, {}));
  Packet huge(pool.allocate(BufferClass::super, 20, 65516));
  EXPECT_FALSE(push_ipv4(huge, {}));
  huge.truncate(65515);
  EXPECT_TRUE(push_ipv4(huge, {}));
}

}  // namespace
}  // namespace leat
