// Ethernet II headers. IEEE 802.3 frames with a length field are recognised, so that they can be counted.
#pragma once

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "leat/address.h"

namespace leat {

enum class EtherType : std::uint16_t { ipv4 = 0x0800, arp = 0x0806, vlan = 0x8100, ipv6 = 0x86dd };

struct EthernetHeader {
  static constexpr std::size_t kSize = 14;
  static constexpr std::size_t kMinFrame = 60;       ///< smallest frame on a wire, without the FCS
  static constexpr std::uint16_t kMaxLength = 1500;  ///< up to this value the field is a length (IEEE 802.3 §3.2.6)

  MacAddress destination;
  MacAddress source;
  std::uint16_t type = 0;  ///< an EtherType, or a length if is_llc()

  constexpr bool is_llc() const { return type <= kMaxLength; }
  constexpr EtherType ether_type() const { return static_cast<EtherType>(type); }
  constexpr bool operator==(const EthernetHeader&) const = default;

  /// Returns nothing if `frame` is shorter than the header.
  static constexpr std::optional<EthernetHeader> parse(Bytes frame) {
    if (frame.size() < kSize) return std::nullopt;
    EthernetHeader h;
    std::copy_n(frame.begin(), 6, h.destination.bytes.begin());
    std::copy_n(frame.begin() + 6, 6, h.source.bytes.begin());
    h.type = load_be16(frame.data() + 12);
    return h;
  }
  /// Writes kSize bytes to `out`, which must hold them.
  constexpr void write(MutableBytes out) const {
    std::copy_n(destination.bytes.begin(), 6, out.begin());
    std::copy_n(source.bytes.begin(), 6, out.begin() + 6);
    store_be16(out.data() + 12, type);
  }
};

constexpr EthernetHeader make_ethernet(const MacAddress& destination, const MacAddress& source, EtherType type) {
  return {destination, source, static_cast<std::uint16_t>(type)};
}

}  // namespace leat
