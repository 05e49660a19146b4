#include "device/untold_offload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "packet/transport_checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace leat {
namespace {

constexpr std::uint32_t kMtu = 1500;

/// A frame of one datagram whose checksum is the pseudo-header's sum.
class OffloadFrame {
 public:
  OffloadFrame(IpProtocol protocol, std::size_t payload, std::size_t ip_at, std::uint16_t fragment_offset = 0) {
    const bool is_tcp = protocol == IpProtocol::tcp;
    const std::size_t transport = is_tcp ? TcpHeader::kSize : UdpHeader::kSize;
    const std::size_t size = ip_at + Ipv4Header::kSize + transport + payload;
    Slice s = pool_.allocate(class_for(size), 0, size);
    std::fill(s.mutable_bytes().begin(), s.mutable_bytes().end(), std::uint8_t{0x5a});
    Ipv4Header ip;
    ip.protocol = protocol;
    ip.source = IpAddress::v4(10, 0, 0, 1), ip.destination = IpAddress::v4(10, 0, 0, 2);
    ip.total_length = static_cast<std::uint16_t>(size - ip_at);
    ip.fragment_offset = fragment_offset;
    ip.write(s.mutable_bytes().subspan(ip_at));
    ChecksumAccumulator pseudo;
    pseudo.add_pseudo_header(ip.source, ip.destination, static_cast<std::uint8_t>(protocol),
                             static_cast<std::uint32_t>(ip.payload_length()));
    std::uint8_t* header = s.mutable_bytes().data() + ip_at + Ipv4Header::kSize;
    if (is_tcp) header[12] = 0x50;
    store_be16(header + (is_tcp ? TcpHeader::kChecksumOffset : UdpHeader::kChecksumOffset), pseudo.fold());
    packet_ = Packet(std::move(s));
  }
  Packet& packet() { return packet_; }

 private:
  BufferPool pool_;
  Packet packet_;
};

TEST(UntoldOffload, AChecksumThatIsThePseudoHeadersSumIsPartial) {
  for (const std::size_t ip_at : {std::size_t{0}, EthernetHeader::kSize}) {
    OffloadFrame tcp(IpProtocol::tcp, 100, ip_at), udp(IpProtocol::udp, 100, ip_at);
    const Offload of_tcp = untold_offload(tcp.packet(), ip_at, kMtu),
                  of_udp = untold_offload(udp.packet(), ip_at, kMtu);
    for (const Offload& offload : {of_tcp, of_udp}) {
      EXPECT_EQ(offload.checksum, ChecksumState::partial);
      EXPECT_EQ(offload.checksum_start, ip_at + Ipv4Header::kSize);
      EXPECT_EQ(offload.gso_size, 0);
    }
    EXPECT_EQ(of_tcp.checksum_offset, TcpHeader::kChecksumOffset);
    EXPECT_EQ(of_udp.checksum_offset, UdpHeader::kChecksumOffset);
  }
}

TEST(UntoldOffload, AFullChecksumIsLeftToBeChecked) {
  OffloadFrame frame(IpProtocol::tcp, 100, 0);
  frame.packet().offload = untold_offload(frame.packet(), 0, kMtu);
  ASSERT_TRUE(finish_checksum(frame.packet()));
  EXPECT_EQ(untold_offload(frame.packet(), 0, kMtu).checksum, ChecksumState::unchecked);
}

TEST(UntoldOffload, OfAFragmentAndOfWhatIsCutOffNothingIsKnown) {
  OffloadFrame fragment(IpProtocol::tcp, 100, 0, 64);
  EXPECT_EQ(untold_offload(fragment.packet(), 0, kMtu).checksum, ChecksumState::unchecked);
  OffloadFrame whole(IpProtocol::tcp, 0, EthernetHeader::kSize);
  for (std::size_t size = 0; size < whole.packet().size(); ++size) {
    OffloadFrame cut(IpProtocol::tcp, 0, EthernetHeader::kSize);
    cut.packet().truncate(size);
    EXPECT_EQ(untold_offload(cut.packet(), EthernetHeader::kSize, kMtu).checksum, ChecksumState::unchecked) << size;
  }
}

TEST(UntoldOffload, WhatIsLongerThanTheMtuIsASuperSegment) {
  OffloadFrame fits(IpProtocol::tcp, kMtu - 40, EthernetHeader::kSize),
      longer(IpProtocol::tcp, 5000, EthernetHeader::kSize);
  EXPECT_EQ(untold_offload(fits.packet(), EthernetHeader::kSize, kMtu).gso_size, 0);
  const Offload offload = untold_offload(longer.packet(), EthernetHeader::kSize, kMtu);
  EXPECT_EQ(offload.gso_size, kMtu - 40);
  EXPECT_EQ(offload.header_length, EthernetHeader::kSize + 40);
}

}  // namespace
}  // namespace leat
