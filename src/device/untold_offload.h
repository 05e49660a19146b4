// Offload facts that the kernel does not report on some paths (raw IP sockets, AF_XDP), derived from the segment
// itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "packet/packet.h"

namespace leat {

/// The offload facts of a packet whose IPv4 header begins at `ip_at` and whose headers are contiguous. A checksum that
/// equals the pseudo-header's sum was never filled in, because the bytes never crossed a wire. A packet longer than the
/// MTU is a super-segment. The size of its segments is not known; it is most likely the largest that the MTU allows.
Offload untold_offload(const Packet& packet, std::size_t ip_at, std::uint32_t mtu);

}  // namespace leat
