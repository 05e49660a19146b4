// ARP for IPv4 over Ethernet (RFC 826). Other hardware and protocols are not supported.
#pragma once

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "leat/address.h"

namespace leat {

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

struct ArpPacket {
  static constexpr std::size_t kSize = 28;

  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac;
  IpAddress sender_ip = IpAddress::any_v4();
  MacAddress target_mac;
  IpAddress target_ip = IpAddress::any_v4();

  constexpr bool operator==(const ArpPacket&) const = default;

  /// Reads a packet; bytes behind it are padding and ignored. Returns nothing if it is too short, not IPv4 over
  /// Ethernet, neither request nor reply, or has a group address as the hardware address of the sender.
  static constexpr std::optional<ArpPacket> parse(Bytes in) {
    if (in.size() < kSize) return std::nullopt;
    const std::uint8_t* p = in.data();
    if (load_be32(p) != kEthernetIpv4 || load_be16(p + 4) != kLengths) return std::nullopt;
    const std::uint16_t operation = load_be16(p + 6);
    if (operation != 1 && operation != 2) return std::nullopt;
    ArpPacket r;
    r.operation = static_cast<ArpOperation>(operation);
    std::copy_n(p + 8, 6, r.sender_mac.bytes.begin());
    r.sender_ip = IpAddress::v4(load_be32(p + 14));
    std::copy_n(p + 18, 6, r.target_mac.bytes.begin());
    r.target_ip = IpAddress::v4(load_be32(p + 24));
    if (r.sender_mac.is_multicast()) return std::nullopt;
    return r;
  }
  /// Writes kSize bytes to `out`, which must hold them.
  constexpr void write(MutableBytes out) const {
    std::uint8_t* p = out.data();
    store_be32(p, kEthernetIpv4);
    store_be16(p + 4, kLengths);
    store_be16(p + 6, static_cast<std::uint16_t>(operation));
    std::copy_n(sender_mac.bytes.begin(), 6, p + 8);
    store_be32(p + 14, sender_ip.v4_value());
    std::copy_n(target_mac.bytes.begin(), 6, p + 18);
    store_be32(p + 24, target_ip.v4_value());
  }

 private:
  static constexpr std::uint32_t kEthernetIpv4 = 0x00010800;
  static constexpr std::uint16_t kLengths = 0x0604;
};

}  // namespace leat
