#include "stack/icmp_meaning.h"

#include <algorithm>

#include "wire/tcp.h"

namespace leat {
namespace {

constexpr std::uint16_t kHeaders = 40;  // IPv4 and TCP without options

// The errors of Linux's icmp_err_convert, as far as Error knows them. RFC 1812 §5.2.7.1 ends the codes at 15.
std::optional<Error> of_unreachable(std::uint8_t code) {
  constexpr std::uint8_t kLastCode = 15;
  switch (code) {
    case 0:   // net
    case 6:   // net unknown
    case 9:   // net, administratively
    case 11:  // net, for this type of service
      return Error::network_unreachable;
    case 2:  // protocol
    case 3:  // port
      return Error::refused;
    default: break;
  }
  if (code > kLastCode) return std::nullopt;
  return Error::host_unreachable;
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
      const std::optional<Error> meaning = of_unreachable(icmp.code);
      if (!meaning) return std::nullopt;
      error.error = *meaning;
      return error;
    }
    case IcmpType::time_exceeded:
    case IcmpType::parameter_problem: error.error = Error::host_unreachable; return error;
    default: return std::nullopt;
  }
}

}  // namespace leat
