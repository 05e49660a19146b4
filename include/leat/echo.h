// ICMP echo (RFC 792): what answers a ping.
#pragma once

#include <cstdint>
#include <vector>

#include "leat/address.h"

namespace leat {

/// An echo reply that came for an identifier that this host has sent requests with.
struct EchoReply {
  IpAddress from;
  std::uint16_t id = 0, sequence = 0;
  std::uint8_t ttl = 0;                 ///< of the IP packet, as it arrived
  std::vector<std::uint8_t> payload{};  ///< what the request carried, if all is well
};

}  // namespace leat
