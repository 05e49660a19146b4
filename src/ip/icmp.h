// ICMP for IPv4 as a host does it: echo replies, the errors that a host sends, and those that it receives (RFC 792,
// RFC 1122 §3.2.2). These are functions without state. The caller limits the rate and finds the route.
#pragma once

#include <optional>

#include "ip/interface_addresses.h"
#include "ip/ipv4_input.h"
#include "ip/ipv4_output.h"
#include "leat/address.h"
#include "packet/packet.h"
#include "wire/icmp.h"

namespace leat {

/// An ICMP message without its IP header yet, and how to send it.
struct IcmpOutput {
  Packet message;       ///< with headroom for all headers; its checksum is complete
  Ipv4Sending sending;  ///< for push_ipv4
};

/// The reply to `request`, an echo request to us that accept_ipv4 took and that has a good ICMP checksum. The reply
/// repeats the request's code, as Linux's icmp_echo does, and shares its payload. Returns nothing when the pool
/// refuses, or when the request was sent to a group (RFC 1122 §3.2.2.6 allows silence).
std::optional<IcmpOutput> make_echo_reply(Packet request, const Ipv4Arrival& arrival, BufferPool& pool);

/// An echo request. The reply returns `id`, `sequence` and `payload`.
struct EchoRequest {
  IpAddress source, destination;
  std::uint16_t id = 0, sequence = 0;
  Bytes payload{};
};
/// Returns nothing when the pool refuses.
std::optional<IcmpOutput> make_echo_request(const EchoRequest& request, BufferPool& pool);

/// True when an ICMP error about `packet` may be sent to its source. An error is forbidden when `packet` is an ICMP
/// error itself, was sent to a group on any layer, or comes from an address that names no single host
/// (RFC 1122 §3.2.2). `packet` begins with its IP header.
bool may_send_icmp_error(const Packet& packet, const Ipv4Arrival& arrival, bool link_group,
                         const InterfaceAddresses& addresses);

/// An error of `type` about `packet`. It quotes as much of the datagram as fits into 576 bytes (RFC 1812 §4.3.2.3).
/// Ask may_send_icmp_error before.
std::optional<IcmpOutput> make_icmp_error(const Packet& packet, const Ipv4Arrival& arrival, IcmpType type,
                                          std::uint8_t code, BufferPool& pool);

/// An error that a host or a router reports about a datagram of ours.
struct IcmpError {
  IcmpType type = IcmpType::destination_unreachable;
  std::uint8_t code = 0;
  IpProtocol protocol = IpProtocol::tcp;
  Endpoint local;         ///< source of the quoted datagram; the port only for TCP and UDP
  Endpoint remote;        ///< its destination
  SeqNum seq;             ///< TCP: of the quoted segment
  std::uint16_t mtu = 0;  ///< "fragmentation needed" only: the largest datagram for this path, at least 68

  bool is_fragmentation_needed() const {
    return type == IcmpType::destination_unreachable &&
           code == static_cast<std::uint8_t>(IcmpUnreachable::fragmentation_needed);
  }
};

/// Reads `message`, a whole ICMP message with a good checksum. Returns nothing when it is no error, or quotes too
/// little to name the datagram. The caller must check that `local` is ours and that `seq` is in flight, because any
/// host can forge an error (RFC 5927 §4).
std::optional<IcmpError> parse_icmp_error(Bytes message);

}  // namespace leat
