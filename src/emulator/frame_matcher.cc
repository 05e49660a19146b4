#include "emulator/frame_matcher.h"

#include <algorithm>
#include <array>

#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat {
namespace {

constexpr std::size_t kIpv6Header = 40;

/// The fields of the headers of a frame, as far as the frame has them.
struct Facts {
  std::optional<std::uint16_t> ether_type;
  std::optional<std::uint8_t> tos, protocol;
  std::optional<std::uint16_t> source_port, destination_port;
  std::optional<std::uint8_t> tcp_flags;
  bool tcp_data = false;
};

/// Reads the transport header at the beginning of `in`. The IP packet holds `length` bytes of it and the payload.
void read_transport(Bytes in, std::size_t length, Facts& facts) {
  const bool tcp = facts.protocol == static_cast<std::uint8_t>(IpProtocol::tcp);
  if (!tcp && facts.protocol != static_cast<std::uint8_t>(IpProtocol::udp)) return;
  if (in.size() < 4) return;
  facts.source_port = load_be16(in.data());
  facts.destination_port = load_be16(in.data() + 2);
  if (!tcp || in.size() < TcpHeader::kSize) return;
  facts.tcp_flags = in[13];
  facts.tcp_data = length > std::size_t{in[12]} / 16 * 4;
}

void read_ip(Bytes in, Facts& facts) {
  if (in.size() >= Ipv4Header::kSize && in[0] >> 4 == 4) {
    facts.tos = in[1];
    facts.protocol = in[9];
    const std::size_t header = (in[0] & 0x0fu) * 4, total = load_be16(in.data() + 2);
    const bool first = (load_be16(in.data() + 6) & 0x1fff) == 0;
    if (first && header <= in.size() && header <= total) read_transport(in.subspan(header), total - header, facts);
  } else if (in.size() >= kIpv6Header && in[0] >> 4 == 6) {
    facts.tos = static_cast<std::uint8_t>(load_be16(in.data()) >> 4);
    facts.protocol = in[6];
    read_transport(in.subspan(kIpv6Header), load_be16(in.data() + 4), facts);
  }
}

Facts read_facts(const Packet& frame, std::size_t link_header) {
  std::array<std::uint8_t, EthernetHeader::kSize + Ipv4Header::kMaxSize + TcpHeader::kSize> raw;
  const std::size_t size = std::min(raw.size(), frame.size());
  frame.copy_out(0, std::span(raw).first(size));
  Facts facts;
  if (size <= link_header) return facts;
  const Bytes ip = Bytes(raw).first(size).subspan(link_header);
  if (link_header == 0) {
    facts.ether_type = static_cast<std::uint16_t>(ip[0] >> 4 == 6 ? EtherType::ipv6 : EtherType::ipv4);
  } else {
    facts.ether_type = load_be16(raw.data() + link_header - 2);
  }
  const auto type = static_cast<EtherType>(*facts.ether_type);
  if (type == EtherType::ipv4 || type == EtherType::ipv6) read_ip(ip, facts);
  return facts;
}

template <class T>
bool is_as_wanted(const std::optional<T>& wanted, const std::optional<T>& there) {
  return !wanted || wanted == there;
}

}  // namespace

bool is_match(const FrameMatch& match, const Packet& frame, std::size_t link_header) {
  if (match.is_everything()) return true;
  const Facts f = read_facts(frame, link_header);
  if (match.tos && (!f.tos || ((*f.tos ^ *match.tos) & match.tos_mask) != 0)) return false;
  if (!is_as_wanted(match.ether_type, f.ether_type) || !is_as_wanted(match.protocol, f.protocol)) return false;
  if (!is_as_wanted(match.source_port, f.source_port)) return false;
  if (!is_as_wanted(match.destination_port, f.destination_port)) return false;
  if (match.port && match.port != f.source_port && match.port != f.destination_port) return false;
  if (match.tcp_flags != 0 && (f.tcp_flags.value_or(0) & match.tcp_flags) != match.tcp_flags) return false;
  return !match.tcp_data || f.tcp_data;
}

}  // namespace leat
