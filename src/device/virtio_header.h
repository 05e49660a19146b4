// The header that TAP and packet sockets put before each frame (struct virtio_net_hdr), to and from Offload.
// What is read may come from a hostile peer behind a veth or a bridge: every offset is checked against the packet.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "packet/packet.h"

namespace leat {

inline constexpr std::size_t kVirtioHeaderSize = 10;
using VirtioHeader = std::array<std::uint8_t, kVirtioHeaderSize>;

/// What the header says of `packet`, which holds the frame without the header. Nothing when it contradicts the
/// packet or speaks of a segmentation that the stack does not know: such a frame must be dropped.
/// The header's own hdr_len is only a hint and is not believed; header_length is worked out, 0 when unknown.
std::optional<Offload> read_virtio_header(const VirtioHeader& header, const Packet& packet);
/// The first bytes of `lead`, which has that many.
VirtioHeader virtio_header_of(Bytes lead);

/// The header that asks the kernel for what packet.offload says. A super-segment must have a partial checksum and
/// its header_length filled in.
VirtioHeader write_virtio_header(const Packet& packet, bool has_link_layer);

}  // namespace leat
