// What the kernel knows of a segment but does not tell on some paths (raw IP sockets, AF_XDP): it shows from the
// segment itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "packet/packet.h"

namespace leat {

/// Of a packet whose IPv4 header begins at `ip_at` and whose headers are contiguous in front. A checksum that is the
/// pseudo-header's sum has never been filled in, because the bytes never crossed a wire. What is longer than the MTU is
/// a super-segment: of segments as large as the MTU allows, most likely, since their size is not told either.
Offload untold_offload(const Packet& packet, std::size_t ip_at, std::uint32_t mtu);

}  // namespace leat
