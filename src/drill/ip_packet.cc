#include "drill/ip_packet.h"

#include <algorithm>

#include "drill/tcp_option_bytes.h"
#include "wire/checksum.h"

namespace leat::drill {
namespace {

constexpr std::size_t kIpv4Header = 20, kIpv6Header = 40, kTcpHeader = 20, kUdpHeader = 8, kIcmpHeader = 8;

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

IpAddress address_at(const std::uint8_t* p, bool v6) {
  if (!v6) return IpAddress::v4(load_be32(p));
  IpAddress address;
  address.family = IpFamily::v6;
  std::copy_n(p, 16, address.bytes.begin());
  return address;
}

/// Where the checksum field of a transport header is; nothing when the protocol has none that we know.
std::optional<std::size_t> checksum_place(std::uint8_t protocol) {
  switch (protocol) {
    case kProtocolTcp: return 16;
    case kProtocolUdp: return 6;
    case kProtocolIcmp:
    case kProtocolIcmpV6: return 2;
    default: return std::nullopt;
  }
}

ChecksumAccumulator pseudo_header(const PacketParts& parts, std::size_t length) {
  ChecksumAccumulator sum;
  if (parts.protocol != kProtocolIcmp) {
    sum.add_pseudo_header(parts.source, parts.destination, parts.protocol, static_cast<std::uint32_t>(length));
  }
  return sum;
}

void judge_checksum(IpPacket& packet, Bytes transport) {
  if (!checksum_place(packet.protocol)) return;
  PacketParts parts{.source = packet.source.address, .destination = packet.destination.address};
  parts.protocol = packet.protocol;
  ChecksumAccumulator sum = pseudo_header(parts, transport.size());
  sum.add(transport);
  const bool left_out = packet.protocol == kProtocolUdp && packet.version == 4 && load_be16(transport.data() + 6) == 0;
  if (!sum.is_valid() && !left_out) packet.checksum_trouble = "the checksum of its transport header is wrong";
}

bool parse_tcp(IpPacket& packet, Bytes in) {
  if (in.size() < kTcpHeader) return false;
  const std::uint8_t* p = in.data();
  const std::size_t header = (p[12] >> 4) * 4u;
  if (header < kTcpHeader || header > in.size()) return false;
  packet.source.port = load_be16(p), packet.destination.port = load_be16(p + 2);
  packet.seq = load_be32(p + 4), packet.ack = load_be32(p + 8);
  packet.reserved = (p[12] >> 1) & 7;
  packet.flags.ae = (p[12] & 1) != 0;
  packet.flags.bits = p[13];
  packet.window = load_be16(p + 14), packet.urgent = load_be16(p + 18);
  packet.options = decode_options(in.subspan(kTcpHeader, header - kTcpHeader));
  packet.payload = in.size() - header;
  packet.payload_is_zero = all_zero(in.subspan(header));
  return true;
}

bool parse_udp(IpPacket& packet, Bytes in) {
  if (in.size() < kUdpHeader) return false;
  packet.source.port = load_be16(in.data()), packet.destination.port = load_be16(in.data() + 2);
  packet.payload = in.size() - kUdpHeader;
  packet.payload_is_zero = all_zero(in.subspan(kUdpHeader));
  return true;
}

bool parse_icmp(IpPacket& packet, Bytes in) {
  if (in.size() < kIcmpHeader) return false;
  packet.icmp_type = in[0], packet.icmp_code = in[1];
  packet.icmp_rest = load_be32(in.data() + 4);
  packet.payload = in.size() - kIcmpHeader;
  const Bytes quote = in.subspan(kIcmpHeader);
  const std::size_t header = packet.version == 4 ? kIpv4Header : kIpv6Header;
  if (quote.size() >= header + 8) packet.quoted_seq = load_be32(quote.data() + header + 4);
  return true;
}

bool parse_transport(IpPacket& packet, Bytes in) {
  bool good = true;
  switch (packet.protocol) {
    case kProtocolTcp: good = parse_tcp(packet, in); break;
    case kProtocolUdp: good = parse_udp(packet, in); break;
    case kProtocolIcmp:
    case kProtocolIcmpV6: good = parse_icmp(packet, in); break;
    default: packet.payload = in.size(); break;
  }
  if (good) judge_checksum(packet, in);
  return good;
}

std::optional<IpPacket> parse_v4(Bytes in) {
  if (in.size() < kIpv4Header) return std::nullopt;
  const std::uint8_t* p = in.data();
  const std::size_t header = (p[0] & 15) * 4u, total = load_be16(p + 2);
  if (header < kIpv4Header || total < header || total > in.size()) return std::nullopt;
  IpPacket packet;
  packet.tos = p[1], packet.ttl = p[8], packet.protocol = p[9];
  packet.source.address = address_at(p + 12, false), packet.destination.address = address_at(p + 16, false);
  const bool good_header = internet_checksum(in.first(header)) == 0;
  if (!parse_transport(packet, in.subspan(header, total - header))) return std::nullopt;
  if (!good_header) packet.checksum_trouble = "the checksum of its IPv4 header is wrong";
  return packet;
}

std::optional<IpPacket> parse_v6(Bytes in) {
  if (in.size() < kIpv6Header) return std::nullopt;
  const std::uint8_t* p = in.data();
  const std::size_t length = load_be16(p + 4);
  if (length + kIpv6Header > in.size()) return std::nullopt;
  IpPacket packet;
  packet.version = 6;
  packet.tos = static_cast<std::uint8_t>(load_be32(p) >> 20);
  packet.flow_label = load_be32(p) & 0xfffff;
  packet.protocol = p[6], packet.ttl = p[7];
  packet.source.address = address_at(p + 8, true), packet.destination.address = address_at(p + 24, true);
  if (!parse_transport(packet, in.subspan(kIpv6Header, length))) return std::nullopt;
  return packet;
}

}  // namespace

const TcpOptionForm* IpPacket::timestamps() const {
  if (!options) return nullptr;
  for (const TcpOptionForm& option : *options) {
    if (option.kind == TcpOptionForm::Kind::timestamps) return &option;
  }
  return nullptr;
}

std::optional<IpPacket> parse_ip_packet(Bytes bytes) {
  if (bytes.empty()) return std::nullopt;
  if (bytes[0] >> 4 == 4) return parse_v4(bytes);
  if (bytes[0] >> 4 == 6) return parse_v6(bytes);
  return std::nullopt;
}

std::vector<std::uint8_t> make_ip_packet(PacketParts parts) {
  const bool v6 = parts.source.is_v6();
  const std::size_t header = v6 ? kIpv6Header : kIpv4Header;
  if (const auto place = checksum_place(parts.protocol); place && parts.transport.size() >= *place + 2) {
    ChecksumAccumulator sum = pseudo_header(parts, parts.transport.size());
    sum.add(parts.transport);
    const std::uint16_t value = sum.finish();
    store_be16(parts.transport.data() + *place, value == 0 && parts.protocol == kProtocolUdp ? 0xffff : value);
  }
  std::vector<std::uint8_t> bytes(header);
  std::uint8_t* p = bytes.data();
  if (v6) {
    store_be32(p, 0x60000000u | static_cast<std::uint32_t>(parts.tos) << 20 | parts.flow_label);
    store_be16(p + 4, static_cast<std::uint16_t>(parts.transport.size()));
    p[6] = parts.protocol, p[7] = parts.ttl;
    std::copy_n(parts.source.bytes.begin(), 16, p + 8);
    std::copy_n(parts.destination.bytes.begin(), 16, p + 24);
  } else {
    p[0] = 0x45, p[1] = parts.tos, p[8] = parts.ttl, p[9] = parts.protocol;
    store_be16(p + 2, static_cast<std::uint16_t>(header + parts.transport.size()));
    store_be32(p + 12, parts.source.v4_value());
    store_be32(p + 16, parts.destination.v4_value());
    store_be16(p + 10, internet_checksum(bytes));
  }
  bytes.insert(bytes.end(), parts.transport.begin(), parts.transport.end());
  return bytes;
}

}  // namespace leat::drill
