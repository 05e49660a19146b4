// Puts the IPv4 header, and the Ethernet header, in front of what is sent.
#pragma once

#include "leat/address.h"
#include "packet/packet.h"
#include "packet/packet_headers.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace leat {

/// The parts of the header that a sender chooses.
struct Ipv4Sending {
  IpAddress source;
  IpAddress destination;
  IpProtocol protocol = IpProtocol::tcp;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 64;      ///< RFC 1122 §3.2.1.7, the default in use today
  std::uint16_t id = 0;       ///< of DatagramIds
  bool dont_fragment = true;  ///< path MTU discovery (RFC 1191 §3)
};

/// Adds the IPv4 header and adjusts the packet's offload facts. Returns false and changes nothing when the first slice
/// has less than 20 bytes of headroom, or when the datagram would be longer than 65535 bytes.
inline bool push_ipv4(Packet& packet, const Ipv4Sending& s) {
  const std::size_t total = packet.size() + Ipv4Header::kSize;
  if (total > 65535) return false;
  const auto room = push_header(packet, Ipv4Header::kSize);
  if (!room) return false;
  Ipv4Header h;
  h.tos = s.tos, h.ttl = s.ttl, h.protocol = s.protocol, h.id = s.id;
  h.total_length = static_cast<std::uint16_t>(total);
  h.dont_fragment = s.dont_fragment;
  h.source = s.source, h.destination = s.destination;
  h.write(*room);
  return true;
}

/// Adds the Ethernet header. Returns false and changes nothing when the first slice has less than 14 bytes of headroom.
inline bool push_ethernet(Packet& packet, const EthernetHeader& header) {
  const auto room = push_header(packet, EthernetHeader::kSize);
  if (room) header.write(*room);
  return room.has_value();
}

}  // namespace leat
