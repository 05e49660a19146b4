// Adds headers in front of packets and removes them. The offload facts count from the first byte of the packet, and are
// adjusted.
#pragma once

#include <optional>

#include "packet/packet.h"

namespace leat {

/// Adds `n` header bytes in front, which the caller writes. Returns nothing, and leaves the packet unchanged, if the
/// first slice lacks the headroom.
inline std::optional<MutableBytes> push_header(Packet& packet, std::size_t n) {
  if (packet.slices().empty() || packet.slices()[0].headroom() < n) return std::nullopt;
  Offload& o = packet.offload;
  if (o.checksum == ChecksumState::partial) o.checksum_start = static_cast<std::uint16_t>(o.checksum_start + n);
  if (o.gso_size != 0) o.header_length = static_cast<std::uint16_t>(o.header_length + n);
  return packet.push_front(n);
}

/// Removes `n` <= size() header bytes. Facts that would then lie before the beginning of the packet are invalid. They
/// become 0, which later checks refuse.
inline void remove_header(Packet& packet, std::size_t n) {
  packet.remove_front(n);
  Offload& o = packet.offload;
  o.checksum_start = static_cast<std::uint16_t>(o.checksum_start >= n ? o.checksum_start - n : 0);
  o.header_length = static_cast<std::uint16_t>(o.header_length >= n ? o.header_length - n : 0);
}

}  // namespace leat
