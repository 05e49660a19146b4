#include "ip/ipv4_input.h"

namespace leat {

bool is_possible_source(const IpAddress& source, const InterfaceAddresses& addresses) {
  const bool this_network = source.bytes[0] == 0;  // 0.0.0.0/8 (RFC 1122 §3.2.1.3 a, b)
  const bool from_ourselves = source.is_loopback() || addresses.is_local(source);
  return !this_network && !source.is_multicast() && !addresses.is_broadcast(source) &&
         (!from_ourselves || addresses.carries_own());
}

expected<Ipv4Arrival, DropReason> accept_ipv4(Packet& packet, const InterfaceAddresses& addresses, bool link_group,
                                              BufferPool& pool) {
  if (packet.size() < Ipv4Header::kSize) return unexpected(DropReason::PKT_TOO_SMALL);
  if (!packet.linearize(Ipv4Header::kSize, pool)) return unexpected(DropReason::NOMEM);
  const std::size_t header_length = (packet.front()[0] & 0x0fu) * 4;
  if (packet.size() < header_length) return unexpected(DropReason::PKT_TOO_SMALL);
  if (!packet.linearize(header_length, pool)) return unexpected(DropReason::NOMEM);
  const auto header = Ipv4Header::parse(packet.front(), packet.size());
  if (!header) return unexpected(header.error());
  packet.truncate(header->total_length);

  Ipv4Arrival arrival{*header, Ipv4Audience::us};
  const IpAddress& to = header->destination;
  if (!is_possible_source(header->source, addresses)) return unexpected(DropReason::IP_INVALID_SOURCE);
  if (addresses.is_local(to)) {
    // RFC 1122 §3.3.6: a unicast datagram in a broadcast frame is a mistake or an attack.
    if (link_group) return unexpected(DropReason::UNICAST_IN_L2_MULTICAST);
  } else if (addresses.is_broadcast(to)) {
    arrival.audience = Ipv4Audience::broadcast;
  } else if (to.is_multicast()) {
    arrival.audience = Ipv4Audience::multicast;
  } else {
    return unexpected(DropReason::IP_INADDRERRORS);
  }
  if (header->is_fragment()) return unexpected(DropReason::IP_FRAGMENT);
  return arrival;
}

}  // namespace leat
