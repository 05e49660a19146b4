// PortFilter: a socket filter that lets claimed ports through, so that what is not ours costs the kernel a few
// instructions and us nothing.
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
  /// For `fd`, which is another's and outlives this. `station` is for frames.
  PortFilter(int fd, Kind kind, const MacAddress& station = {}) : fd_(fd), kind_(kind), station_(station) {}

  /// Makes the kernel follow `claims`. False, with errno, when it refuses; the filter before stays then.
  bool update(const PortClaims& claims);

 private:
  int fd_;
  Kind kind_;
  MacAddress station_;
  std::vector<std::uint64_t> installed_;  ///< the program as words, to spare the kernel a new one that is the same
};

}  // namespace leat
