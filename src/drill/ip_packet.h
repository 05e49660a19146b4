// IpPacket: a packet from the stack under test, taken apart as far as scripts look. Errors in it are kept for the
// matcher to report.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "drill/packet_form.h"
#include "leat/address.h"
#include "leat/time.h"

namespace leat::drill {

inline constexpr std::uint8_t kProtocolIcmp = 1, kProtocolTcp = 6, kProtocolUdp = 17, kProtocolIcmpV6 = 58;

struct IpPacket {
  Duration time{};
  std::uint8_t version = 4;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 0;
  std::uint32_t flow_label = 0;
  std::uint8_t protocol = 0;
  Endpoint source, destination;  ///< ports of TCP and UDP
  std::string checksum_trouble;  ///< "the TCP checksum is wrong"
  bool payload_is_zero = true;
  std::size_t payload = 0;  ///< bytes behind the transport header

  // TCP
  TcpFlagsForm flags;
  std::uint32_t seq = 0, ack = 0;
  std::uint16_t window = 0, urgent = 0;
  std::uint8_t reserved = 0;                          ///< the three bits before AE, which must be zero
  std::optional<std::vector<TcpOptionForm>> options;  ///< nothing: malformed
  // ICMP
  std::uint8_t icmp_type = 0, icmp_code = 0;
  std::uint32_t icmp_rest = 0;
  /// The sequence number of the TCP segment that an ICMP error quotes.
  std::uint32_t quoted_seq = 0;

  bool is_syn() const { return protocol == kProtocolTcp && flags.has(0x02); }
  const TcpOptionForm* timestamps() const;
};

/// Returns nothing when it is no IP packet, or its lengths make no sense.
std::optional<IpPacket> parse_ip_packet(Bytes bytes);

/// The parts of a packet to the stack, with numbers as on the wire.
struct PacketParts {
  IpAddress source, destination;
  std::uint8_t tos = 0, ttl = 255;
  std::uint32_t flow_label = 0;
  std::uint8_t protocol = 0;
  std::vector<std::uint8_t> transport{};  ///< its checksum field is filled in
};
/// Puts IP header, transport header with the right checksum, and payload together.
std::vector<std::uint8_t> make_ip_packet(PacketParts parts);

}  // namespace leat::drill
