// DeviceCaps: the capabilities of a device. The stack decides by these, never by the kind of the device.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/address.h"

namespace leat {

struct DeviceCaps {
  bool has_link_layer = true;           ///< Ethernet frames and neighbours; false: bare IP datagrams
  std::uint32_t mtu = 1500;             ///< largest IP datagram on the wire, bytes
  std::uint32_t max_super_segment = 0;  ///< largest TCP super-segment, bytes with the IP header; 0: none
  bool completes_checksums = false;     ///< accepts packets with ChecksumState::partial
  bool shares_host_address = false;     ///< the kernel uses the same address
  bool loops_back = false;              ///< the route to the host's own addresses; first interface of a Stack
  std::optional<MacAddress> mac;        ///< the default Ethernet address

  /// True for a link with bare datagrams and the kernel's addresses. The kernel routes, and loops back packets for
  /// itself.
  bool kernel_routes() const { return shares_host_address && !has_link_layer; }
  /// True if packets between addresses of this host may use the link.
  bool carries_own() const { return loops_back || kernel_routes(); }
};

}  // namespace leat
