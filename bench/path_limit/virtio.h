// The header in front of each frame of TAP and packet sockets with offloads, for frames of one layout.
#pragma once

#include "path.h"

namespace leat::path_limit {

/// struct virtio_net_hdr. Its header file is for C only.
struct VirtioHeader {
  std::uint8_t flags, gso_type;
  std::uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
inline constexpr std::uint8_t kNeedsChecksum = 1, kDataValid = 2;
inline constexpr std::uint8_t kSegmentTcp4 = 1;

/// The header for a frame of `size` bytes with a partial TCP checksum. A frame that is too small for TCP is ARP.
inline VirtioHeader virtio_header(std::size_t size) {
  VirtioHeader header{};
  if (size < kHeaders) return header;
  header.flags = kNeedsChecksum;
  header.csum_start = kHeaders - 20;
  header.csum_offset = 16;
  if (size > kFrame) {
    header.gso_type = kSegmentTcp4;
    header.gso_size = kMss;
    header.hdr_len = kHeaders;
  }
  return header;
}

inline bool vouches(const VirtioHeader& header) { return (header.flags & (kNeedsChecksum | kDataValid)) != 0; }

/// A super-segment behind its header, in one piece.
struct SuperFrame {
  VirtioHeader header;
  std::uint8_t bytes[kFrame + 65536];
};

}  // namespace leat::path_limit
