// What a device can do, in the words of the stack: everything above the devices asks this, never a name.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/address.h"

namespace leat {

struct DeviceCaps {
  bool has_link_layer = true;           ///< Ethernet frames and neighbours; false: bare IP datagrams
  std::uint32_t mtu = 1500;             ///< largest IP datagram on the wire, bytes
  std::uint32_t max_super_segment = 0;  ///< largest TCP super-segment it takes, IP header included; 0: none
  bool completes_checksums = false;     ///< takes packets with ChecksumState::partial
  bool shares_host_address = false;     ///< the kernel answers on this address too
  bool loops_back = false;              ///< the way to the host's own addresses; the first interface of its Stack
  std::optional<MacAddress> mac;        ///< the station address to use when the user gives none

  /// Bare datagrams on the kernel's own addresses: it has done the routing, and loops back what is for itself.
  bool kernel_routes() const { return shares_host_address && !has_link_layer; }
  /// Packets between our own addresses may travel here.
  bool carries_own() const { return loops_back || kernel_routes(); }
};

}  // namespace leat
