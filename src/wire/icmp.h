// ICMP for IPv4 (RFC 792): the fixed header, and the datagram that an error quotes.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "wire/ipv4.h"
#include "wire/seq.h"

namespace leat {

enum class IcmpType : std::uint8_t {
  echo_reply = 0,
  destination_unreachable = 3,
  source_quench = 4,
  redirect = 5,
  echo_request = 8,
  time_exceeded = 11,
  parameter_problem = 12,
};

/// Codes of destination_unreachable (RFC 792, RFC 1122 §3.2.2.1).
enum class IcmpUnreachable : std::uint8_t {
  net = 0,
  host = 1,
  protocol = 2,
  port = 3,
  fragmentation_needed = 4,
  source_route_failed = 5,
  admin_prohibited = 13,
};

struct IcmpHeader {
  static constexpr std::size_t kSize = 8;
  static constexpr std::size_t kChecksumOffset = 2;

  IcmpType type = IcmpType::echo_reply;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;
  std::uint32_t rest = 0;  ///< the last four bytes; the type decides their meaning

  constexpr std::uint16_t echo_id() const { return static_cast<std::uint16_t>(rest >> 16); }
  constexpr std::uint16_t echo_sequence() const { return static_cast<std::uint16_t>(rest); }
  /// The MTU in a "fragmentation needed" (RFC 1191 §4). Routers older than that RFC send 0.
  constexpr std::uint16_t next_hop_mtu() const { return static_cast<std::uint16_t>(rest); }
  static constexpr std::uint32_t echo_rest(std::uint16_t id, std::uint16_t sequence) {
    return std::uint32_t{id} << 16 | sequence;
  }

  /// True with any code: RFC 1122 §3.2.2.6 requires an answer to each request, and Linux's icmp_echo ignores the code
  /// too.
  constexpr bool is_echo_request() const { return type == IcmpType::echo_request; }
  /// True for a type that reports a problem with a datagram and quotes it (RFC 1122 §3.2.2).
  constexpr bool is_error() const {
    return type == IcmpType::destination_unreachable || type == IcmpType::source_quench || type == IcmpType::redirect ||
           type == IcmpType::time_exceeded || type == IcmpType::parameter_problem;
  }
  constexpr bool is_fragmentation_needed() const {
    return type == IcmpType::destination_unreachable &&
           code == static_cast<std::uint8_t>(IcmpUnreachable::fragmentation_needed);
  }
  constexpr bool operator==(const IcmpHeader&) const = default;

  /// Returns nothing if `in` is shorter than the header. It does not check the checksum.
  static constexpr std::optional<IcmpHeader> parse(Bytes in) {
    if (in.size() < kSize) return std::nullopt;
    return IcmpHeader{static_cast<IcmpType>(in[0]), in[1], load_be16(in.data() + 2), load_be32(in.data() + 4)};
  }
  /// Writes kSize bytes to `out`, which must hold them.
  constexpr void write(MutableBytes out) const {
    out[0] = static_cast<std::uint8_t>(type), out[1] = code;
    store_be16(out.data() + 2, checksum);
    store_be32(out.data() + 4, rest);
  }
};

/// The datagram that caused an ICMP error, as far as the error quotes it: the IP header and the next 8 bytes, which
/// each sender must quote (RFC 1122 §3.2.2). They hold the ports and the sequence number of TCP.
struct IcmpQuote {
  Ipv4Header ip;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  SeqNum seq;  ///< TCP only

  /// Reads `in`, the bytes behind the ICMP header. Returns nothing if they are cut off, or quote a fragment other than
  /// the first, which has no ports.
  static constexpr std::optional<IcmpQuote> parse(Bytes in) {
    const auto ip = Ipv4Header::parse_quoted(in);
    if (!ip || in.size() < ip->header_length + 8u || ip->fragment_offset != 0) return std::nullopt;
    const std::uint8_t* p = in.data() + ip->header_length;
    return IcmpQuote{*ip, load_be16(p), load_be16(p + 2), SeqNum(load_be32(p + 4))};
  }
};

}  // namespace leat
