// Putting headers in front of packets and taking them off, with the offload facts, which count from the
// packet's first byte, kept true.
#pragma once

#include <optional>

#include "packet/packet.h"

namespace leat {

/// Room for `n` header bytes in front, to be written by the caller; nothing when the first slice has no such
/// headroom, and the packet is unchanged then.
inline std::optional<MutableBytes> push_header(Packet& packet, std::size_t n) {
  if (packet.slices().empty() || packet.slices()[0].headroom() < n) return std::nullopt;
  Offload& o = packet.offload;
  if (o.checksum == ChecksumState::partial) o.checksum_start = static_cast<std::uint16_t>(o.checksum_start + n);
  if (o.gso_size != 0) o.header_length = static_cast<std::uint16_t>(o.header_length + n);
  return packet.push_front(n);
}

/// Removes `n` <= size() header bytes. Facts that then lie before the packet's beginning are hostile or
/// senseless; they are set to 0, which fails later checks.
inline void remove_header(Packet& packet, std::size_t n) {
  packet.remove_front(n);
  Offload& o = packet.offload;
  o.checksum_start = static_cast<std::uint16_t>(o.checksum_start >= n ? o.checksum_start - n : 0);
  o.header_length = static_cast<std::uint16_t>(o.header_length >= n ? o.header_length - n : 0);
}

}  // namespace leat
