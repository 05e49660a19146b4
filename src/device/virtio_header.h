// Converts the header that TAP and packet sockets put before each frame (struct virtio_net_hdr) to and from Offload.
// A header may come from a hostile peer behind a veth or a bridge, so every offset is checked against the packet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "packet/packet.h"

namespace leat {

inline constexpr std::size_t kVirtioHeaderSize = 10;
using VirtioHeader = std::array<std::uint8_t, kVirtioHeaderSize>;

/// The offload facts that the header gives about `packet`, which is the frame without the header. Returns nothing when
/// the header contradicts the packet or names a segmentation that the Stack does not know; drop such a frame. The
/// header's hdr_len is only a hint and is ignored: header_length is computed, 0 when unknown.
std::optional<Offload> read_virtio_header(const VirtioHeader& header, const Packet& packet);
/// The same for the header in the first bytes of `lead`, which is long enough.
VirtioHeader virtio_header_of(Bytes lead);

/// The header that requests packet.offload from the kernel. A super-segment must have a partial checksum and its
/// header_length filled in.
VirtioHeader write_virtio_header(const Packet& packet, bool has_link_layer);

}  // namespace leat
