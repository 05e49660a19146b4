#include "stack/icmp_meaning.h"

#include <algorithm>

#include "wire/tcp.h"

namespace leat {
namespace {

constexpr std::uint16_t kHeaders = 40;  // IPv4 and TCP without options

struct Meaning {
  Error error;
  bool hard;
};

// Soft: 0, 1, 5 and what else may pass by itself (RFC 9293 §3.9.2.2); hard: what trying again cannot change.
Meaning of_unreachable(std::uint8_t code) {
  switch (code) {
    case 0:   // net
    case 11:  // net, for this type of service
      return {Error::network_unreachable, false};
    case 2:  // protocol
    case 3:  // port
      return {Error::refused, true};
    case 6:  // net unknown
    case 9:  // net, administratively
      return {Error::network_unreachable, true};
    case 7:   // host unknown
    case 10:  // host, administratively
    case 13:  // communication, administratively
      return {Error::host_unreachable, true};
    default: return {Error::host_unreachable, false};
  }
}

}  // namespace

std::optional<PathError> path_error(const IcmpError& icmp) {
  PathError error;
  error.seq = icmp.seq;
  switch (icmp.type) {
    case IcmpType::destination_unreachable: {
      if (icmp.is_fragmentation_needed()) {
        error.mss_limit = static_cast<std::uint16_t>(std::max<std::uint16_t>(icmp.mtu, kHeaders + 1) - kHeaders);
        return error;
      }
      const Meaning meaning = of_unreachable(icmp.code);
      error.error = meaning.error;
      error.hard = meaning.hard;
      return error;
    }
    case IcmpType::time_exceeded:
    case IcmpType::parameter_problem: error.error = Error::host_unreachable; return error;
    default: return std::nullopt;
  }
}

}  // namespace leat
