#include "device/share_notices.h"

#include <gtest/gtest.h>

#include "device/memory_pair.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"

namespace leat {
namespace {

std::vector<std::uint8_t> arp(ArpOperation operation, std::uint8_t about = 1) {
  std::vector<std::uint8_t> frame(EthernetHeader::kSize + ArpPacket::kSize);
  make_ethernet({{2, 0, 0, 0, 0, 2}}, {{2, 0, 0, 0, 0, 1}}, EtherType::arp).write(frame);
  ArpPacket packet;
  packet.operation = operation;
  packet.sender_ip = IpAddress::v4(10, 0, 0, 1);
  packet.target_ip = IpAddress::v4(10, 0, 0, about);
  packet.write(MutableBytes(frame).subspan(EthernetHeader::kSize));
  return frame;
}

std::vector<std::uint8_t> icmp(IcmpType type) {
  std::vector<std::uint8_t> frame(EthernetHeader::kSize + Ipv4Header::kSize + IcmpHeader::kSize);
  make_ethernet({{2, 0, 0, 0, 0, 2}}, {{2, 0, 0, 0, 0, 1}}, EtherType::ipv4).write(frame);
  Ipv4Header ip;
  ip.protocol = IpProtocol::icmp;
  ip.total_length = Ipv4Header::kSize + IcmpHeader::kSize;
  ip.write(MutableBytes(frame).subspan(EthernetHeader::kSize));
  IcmpHeader header;
  header.type = type;
  header.write(MutableBytes(frame).subspan(EthernetHeader::kSize + Ipv4Header::kSize));
  return frame;
}

TEST(ShareNotices, TellsOthersWhatConcernsThemAndKeepsIt) {
  BufferPool pool;
  MemoryPair pair(plain_memory_caps());
  std::vector<std::vector<std::uint8_t>> told;
  auto device =
      share_notices(std::move(pair.second), [&](std::vector<std::uint8_t> frame) { told.push_back(std::move(frame)); });
  const std::vector<std::vector<std::uint8_t>> sent = {
      arp(ArpOperation::request, 2),    arp(ArpOperation::reply, 2),
      arp(ArpOperation::request),       icmp(IcmpType::echo_request),
      icmp(IcmpType::echo_reply),       icmp(IcmpType::time_exceeded),
      std::vector<std::uint8_t>(20, 0), icmp(IcmpType::destination_unreachable)};
  PacketBatch batch;
  for (const auto& frame : sent) batch.push(Packet(pool.copy_of(frame)));
  pair.first->transmit(batch);
  ASSERT_TRUE(device->receive(batch, pool));
  EXPECT_EQ(batch.size(), sent.size());
  EXPECT_EQ(told, (std::vector{arp(ArpOperation::reply, 2), arp(ArpOperation::request), icmp(IcmpType::time_exceeded),
                               icmp(IcmpType::destination_unreachable)}));
}

}  // namespace
}  // namespace leat
