// Addresses: MacAddress, IpAddress (IPv4 and IPv6, with scope), IpPrefix and Endpoint.
//
// Threading: plain values.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// A 48-bit Ethernet address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  constexpr bool is_multicast() const { return (bytes[0] & 1) != 0; }  ///< broadcast included
  constexpr bool is_zero() const { return *this == MacAddress{}; }
  constexpr auto operator<=>(const MacAddress&) const = default;

  /// Reads "02:00:00:00:00:01". Returns nothing for any other form.
  static std::optional<MacAddress> parse(std::string_view text);
  std::string to_string() const;
};

enum class IpFamily : std::uint8_t { none = 0, v4 = 4, v6 = 6 };

/// An IPv4 or IPv6 address in network byte order. An IPv4 address uses the first four bytes, the rest is zero.
/// `scope` is the index of the interface to which a link-local IPv6 address belongs, otherwise 0 (RFC 4007).
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  std::uint32_t scope = 0;
  IpFamily family = IpFamily::none;

  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress r;
    r.family = IpFamily::v4;
    r.bytes[0] = a, r.bytes[1] = b, r.bytes[2] = c, r.bytes[3] = d;
    return r;
  }
  static constexpr IpAddress v4(std::uint32_t host_order) {
    return v4(static_cast<std::uint8_t>(host_order >> 24), static_cast<std::uint8_t>(host_order >> 16),
              static_cast<std::uint8_t>(host_order >> 8), static_cast<std::uint8_t>(host_order));
  }
  static constexpr IpAddress any_v4() { return v4(0u); }

  constexpr bool is_v4() const { return family == IpFamily::v4; }
  constexpr bool is_v6() const { return family == IpFamily::v6; }
  /// The IPv4 address as a number in host order. Meaningful only if is_v4().
  constexpr std::uint32_t v4_value() const {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
  }
  /// True for 0.0.0.0 and ::, with any scope.
  constexpr bool is_unspecified() const { return bytes == std::array<std::uint8_t, 16>{}; }
  constexpr bool is_multicast() const { return is_v4() ? (bytes[0] & 0xf0) == 0xe0 : is_v6() && bytes[0] == 0xff; }
  constexpr bool is_limited_broadcast() const { return is_v4() && v4_value() == 0xffffffffu; }
  constexpr bool is_loopback() const { return is_v4() && bytes[0] == 127; }

  constexpr auto operator<=>(const IpAddress&) const = default;  // NOLINT(modernize-use-nullptr)
  /// Compares 64-bit words, because the stack compares the addresses of each packet.
  constexpr bool operator==(const IpAddress& other) const {
    using Words = std::array<std::uint64_t, 2>;
    const auto a = std::bit_cast<Words>(bytes), b = std::bit_cast<Words>(other.bytes);
    return a[0] == b[0] && a[1] == b[1] && scope == other.scope && family == other.family;
  }

  /// Reads dotted decimal or RFC 4291 text. An IPv6 address may end with a numeric "%scope".
  static std::optional<IpAddress> parse(std::string_view text);
  std::string to_string() const;
};

/// An address with a prefix length: an interface address or a route's destination.
struct IpPrefix {
  IpAddress address;
  std::uint8_t length = 0;  ///< 0..32 or 0..128

  /// True if `other` has the same family and the same first `length` bits.
  constexpr bool contains(const IpAddress& other) const {
    if (other.family != address.family) return false;
    for (unsigned bit = 0; bit < length; bit += 8) {
      const unsigned left = length - bit;
      const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xffu : 0xff00u >> left);
      if ((address.bytes[bit / 8] ^ other.bytes[bit / 8]) & mask) return false;
    }
    return true;
  }
  /// The directed broadcast address. Only IPv4 prefixes shorter than /31 have one (RFC 922, RFC 3021).
  constexpr std::optional<IpAddress> broadcast() const {
    if (!address.is_v4() || length > 30) return std::nullopt;
    return IpAddress::v4(address.v4_value() | (0xffffffffu >> length));
  }
  constexpr auto operator<=>(const IpPrefix&) const = default;

  /// Reads "192.0.2.1/24". The length is required.
  static std::optional<IpPrefix> parse(std::string_view text);
  std::string to_string() const;
};

/// An address and a port in host order.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  constexpr auto operator<=>(const Endpoint&) const = default;
  /// Reads "192.0.2.1:80" or "[2001:db8::1]:80". Returns nothing for any other form.
  static std::optional<Endpoint> parse(std::string_view text);
  std::string to_string() const;
};

}  // namespace leat
