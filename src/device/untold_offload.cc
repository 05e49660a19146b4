#include "device/untold_offload.h"

#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace leat {

Offload untold_offload(const Packet& packet, std::size_t ip_at, std::uint32_t mtu) {
  Offload offload;
  const Bytes front = packet.front();
  if (front.size() < ip_at) return offload;
  const Bytes datagram = front.subspan(ip_at);
  const auto ip = Ipv4Header::parse(datagram, packet.size() - ip_at);
  if (!ip || ip->is_fragment()) return offload;
  const bool is_tcp = ip->protocol == IpProtocol::tcp;
  if (!is_tcp && ip->protocol != IpProtocol::udp) return offload;
  if (datagram.size() < ip->header_length + (is_tcp ? TcpHeader::kSize : UdpHeader::kSize)) return offload;
  const std::uint8_t* transport = datagram.data() + ip->header_length;
  const std::size_t field = is_tcp ? TcpHeader::kChecksumOffset : UdpHeader::kChecksumOffset;
  ChecksumAccumulator pseudo;
  pseudo.add_pseudo_header(ip->source, ip->destination, static_cast<std::uint8_t>(ip->protocol),
                           static_cast<std::uint32_t>(ip->payload_length()));
  if (load_be16(transport + field) == pseudo.fold()) {
    offload.checksum = ChecksumState::partial;
    offload.checksum_start = static_cast<std::uint16_t>(ip_at + ip->header_length);
    offload.checksum_offset = static_cast<std::uint16_t>(field);
  }
  if (!is_tcp) return offload;
  const std::size_t headers = ip->header_length + (transport[12] >> 4) * std::size_t{4};
  if (ip->total_length <= mtu || headers >= mtu) return offload;
  offload.header_length = static_cast<std::uint16_t>(ip_at + headers);
  offload.gso_size = static_cast<std::uint16_t>(mtu - headers);
  return offload;
}

}  // namespace leat
