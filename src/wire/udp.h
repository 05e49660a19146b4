// UDP headers (RFC 768).
#pragma once

#include <optional>

#include "base/bytes.h"

namespace leat {

struct UdpHeader {
  static constexpr std::size_t kSize = 8;

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t length = kSize;  ///< bytes, header included
  std::uint16_t checksum = 0;    ///< 0: the sender computed no checksum (IPv4 only)

  constexpr bool operator==(const UdpHeader&) const = default;

  /// Returns nothing if the header is cut off, or `length` is less than its size or more than `available`, the bytes
  /// that IP delivered. `in` may be only their contiguous beginning.
  static constexpr std::optional<UdpHeader> parse(Bytes in, std::size_t available) {
    if (in.size() < kSize) return std::nullopt;
    const UdpHeader h{load_be16(in.data()), load_be16(in.data() + 2), load_be16(in.data() + 4),
                      load_be16(in.data() + 6)};
    if (h.length < kSize || h.length > available) return std::nullopt;
    return h;
  }
  static constexpr std::optional<UdpHeader> parse(Bytes in) { return parse(in, in.size()); }

  /// Writes kSize bytes to `out`, which must hold them.
  constexpr void write(MutableBytes out) const {
    store_be16(out.data(), source_port);
    store_be16(out.data() + 2, destination_port);
    store_be16(out.data() + 4, length);
    store_be16(out.data() + 6, checksum);
  }
  static constexpr std::size_t kChecksumOffset = 6;
};

}  // namespace leat
