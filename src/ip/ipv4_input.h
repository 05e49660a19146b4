// The checks of a received IPv4 datagram: it must be whole, unchanged, from a possible host and for us (RFC 1122
// §3.2.1, §3.3.6).
#pragma once

#include "ip/interface_addresses.h"
#include "leat/counters.h"
#include "leat/expected.h"
#include "packet/packet.h"
#include "wire/ipv4.h"

namespace leat {

/// The kind of destination address of a datagram that we take.
enum class Ipv4Audience : std::uint8_t { us, broadcast, multicast };

struct Ipv4Arrival {
  Ipv4Header header;
  Ipv4Audience audience = Ipv4Audience::us;
};

/// Checks `packet`, which begins with its IP header, and cuts off the padding behind the datagram (Ethernet pads short
/// frames). Afterwards the whole IP header is in the first slice. `link_group` says that the frame was sent to a group
/// or to all stations.
/// Reasons: PKT_TOO_SMALL, IP_INHDR, IP_CSUM, IP_INVALID_SOURCE, UNICAST_IN_L2_MULTICAST, IP_INADDRERRORS,
/// IP_FRAGMENT, NOMEM.
expected<Ipv4Arrival, DropReason> accept_ipv4(Packet& packet, const InterfaceAddresses& addresses, bool link_group,
                                              BufferPool& pool);

/// False for sources that no other host can have: unspecified, loopback, group, broadcast, and our own addresses.
bool is_possible_source(const IpAddress& source, const InterfaceAddresses& addresses);

}  // namespace leat
