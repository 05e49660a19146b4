// What IP must know before a received datagram goes anywhere: that it is whole, unchanged, from a possible
// host and for us (RFC 1122 §3.2.1, §3.3.6).
#pragma once

#include "ip/interface_addresses.h"
#include "leat/counters.h"
#include "leat/expected.h"
#include "packet/packet.h"
#include "wire/ipv4.h"

namespace leat {

/// To whom a datagram that we take is addressed.
enum class Ipv4Audience : std::uint8_t { us, broadcast, multicast };

struct Ipv4Arrival {
  Ipv4Header header;
  Ipv4Audience audience = Ipv4Audience::us;
};

/// Judges `packet`, which begins with its IP header, and cuts off what lies behind the datagram (Ethernet pads
/// short frames). It still begins with the IP header, all of it in the first slice. `link_group` says
/// that the frame came to a group or to all.
/// Reasons: PKT_TOO_SMALL, IP_INHDR, IP_CSUM, IP_INVALID_SOURCE, UNICAST_IN_L2_MULTICAST, IP_INADDRERRORS,
/// IP_FRAGMENT, NOMEM.
expected<Ipv4Arrival, DropReason> accept_ipv4(Packet& packet, const InterfaceAddresses& addresses, bool link_group,
                                              BufferPool& pool);

/// Can a datagram come from there? Not from nowhere, loopback, a group, a broadcast address or ourselves.
bool is_possible_source(const IpAddress& source, const InterfaceAddresses& addresses);

}  // namespace leat
