// IPv4 headers (RFC 791). Received options are skipped, and none are sent. Fragments are recognised.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "leat/address.h"
#include "leat/counters.h"
#include "leat/expected.h"
#include "wire/checksum.h"

namespace leat {

enum class IpProtocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17 };

struct Ipv4Header {
  static constexpr std::size_t kSize = 20;  ///< without options
  static constexpr std::size_t kMaxSize = 60;
  static constexpr std::size_t kLengthOffset = 2, kIdOffset = 4, kFragmentOffset = 6, kChecksumOffset = 10;
  static constexpr std::size_t kSourceOffset = 12, kDestinationOffset = 16;

  std::uint8_t tos = 0;  ///< DSCP and ECN
  std::uint8_t ttl = 64;
  IpProtocol protocol = IpProtocol::tcp;
  std::uint8_t header_length = kSize;  ///< bytes, options included; write() always writes kSize
  std::uint16_t total_length = 0;      ///< bytes, header included
  std::uint16_t id = 0;
  std::uint16_t fragment_offset = 0;  ///< bytes; a multiple of 8
  bool dont_fragment = false;
  bool more_fragments = false;
  IpAddress source = IpAddress::any_v4();
  IpAddress destination = IpAddress::any_v4();

  constexpr bool is_fragment() const { return more_fragments || fragment_offset != 0; }
  constexpr std::size_t payload_length() const { return total_length - std::size_t{header_length}; }
  constexpr bool operator==(const Ipv4Header&) const = default;

  /// Reads a header and checks version, lengths and header checksum. `available` is the number of bytes of the datagram
  /// that arrived. `in` may be only their contiguous beginning, but must hold the whole header.
  static constexpr expected<Ipv4Header, DropReason> parse(Bytes in, std::size_t available) {
    if (in.size() < kSize) return unexpected(DropReason::PKT_TOO_SMALL);
    const Ipv4Header h = read_fields(in.data());
    if (in[0] >> 4 != 4 || h.header_length < kSize || h.total_length < h.header_length) {
      return unexpected(DropReason::IP_INHDR);
    }
    if (in.size() < h.header_length || available < h.total_length) return unexpected(DropReason::PKT_TOO_SMALL);
    if (internet_checksum(in.first(h.header_length)) != 0) return unexpected(DropReason::IP_CSUM);
    return h;
  }
  static constexpr expected<Ipv4Header, DropReason> parse(Bytes datagram) { return parse(datagram, datagram.size()); }

  /// Reads a header that an ICMP error quotes, and checks only its form. The datagram behind it is cut off, and routers
  /// may have changed fields without updating the checksum.
  static constexpr std::optional<Ipv4Header> parse_quoted(Bytes in) {
    if (in.size() < kSize || in[0] >> 4 != 4) return std::nullopt;
    const Ipv4Header h = read_fields(in.data());
    if (h.header_length < kSize || in.size() < h.header_length) return std::nullopt;
    return h;
  }

  /// Writes kSize bytes, with the checksum, to `out`, which must hold them.
  constexpr void write(MutableBytes out) const {
    std::uint8_t* p = out.data();
    p[0] = 0x45, p[1] = tos;
    store_be16(p + 2, total_length);
    store_be16(p + 4, id);
    store_be16(p + 6, static_cast<std::uint16_t>((dont_fragment ? kDontFragment : 0) |
                                                 (more_fragments ? kMoreFragments : 0) | fragment_offset / 8));
    p[8] = ttl, p[9] = static_cast<std::uint8_t>(protocol);
    store_be16(p + 10, 0);
    store_be32(p + 12, source.v4_value());
    store_be32(p + 16, destination.v4_value());
    store_be16(p + 10, internet_checksum(out.first(kSize)));
  }

 private:
  static constexpr std::uint16_t kDontFragment = 0x4000, kMoreFragments = 0x2000;

  static constexpr Ipv4Header read_fields(const std::uint8_t* p) {
    Ipv4Header h;
    const std::uint16_t fragment = load_be16(p + 6);
    h.header_length = static_cast<std::uint8_t>((p[0] & 0x0f) * 4);
    h.tos = p[1];
    h.total_length = load_be16(p + 2);
    h.id = load_be16(p + 4);
    h.dont_fragment = (fragment & kDontFragment) != 0;
    h.more_fragments = (fragment & kMoreFragments) != 0;
    h.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
    h.ttl = p[8];
    h.protocol = static_cast<IpProtocol>(p[9]);
    h.source = IpAddress::v4(load_be32(p + 12));
    h.destination = IpAddress::v4(load_be32(p + 16));
    return h;
  }
};

}  // namespace leat
