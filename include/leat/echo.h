// EchoReply: the answer to an ICMP echo request (RFC 792).
#pragma once

#include <cstdint>
#include <vector>

#include "leat/address.h"

namespace leat {

/// An ICMP echo reply with an identifier that this host has used in a request.
struct EchoReply {
  IpAddress from;
  std::uint16_t id = 0, sequence = 0;
  std::uint8_t ttl = 0;                 ///< TTL of the IP packet on arrival
  std::vector<std::uint8_t> payload{};  ///< the payload of the request, if nothing damaged it
};

}  // namespace leat
