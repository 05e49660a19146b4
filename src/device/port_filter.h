// PortFilter: a socket filter that lets only claimed ports through, so that all other packets cost the kernel a few
// instructions and Leat nothing.
//
// Up to kMostExact ports are compared one by one; beyond that whole blocks of 1024 ports pass, so that the program's
// length and the work of changing it stay bounded. The device judges exactly what has passed (PortClaims::concern).
#pragma once

#include <cstdint>
#include <vector>

#include "device/port_claims.h"
#include "leat/address.h"

struct sock_filter;

namespace leat {

class PortFilter {
 public:
  static constexpr std::size_t kMostExact = 32;

  enum class Kind : std::uint8_t {
    raw_tcp,   ///< a raw IP socket for TCP: segments to a claimed port
    raw_icmp,  ///< a raw IP socket for ICMP: errors about segments from a claimed port, and echo replies
    frames,    ///< a packet socket: both of these, and ARP replies, in frames to one station
  };
  /// Filters `fd`, which the caller owns and which outlives this object. Only `frames` uses `station`.
  PortFilter(int fd, Kind kind, const MacAddress& station = {}) : fd_(fd), kind_(kind), station_(station) {}

  /// Installs a filter for `claims`. Returns false with errno when the kernel refuses; the previous filter stays then.
  bool update(const PortClaims& claims);

 private:
  int fd_;
  Kind kind_;
  MacAddress station_;
  std::vector<std::uint64_t> installed_;  ///< the installed program as words; an equal one is not installed again
};

}  // namespace leat
