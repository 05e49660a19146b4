// Ephemeral ports by RFC 6056 §3.3.4, double-hash port selection.
//
// To one destination ports rise one by one from a start that only the key holder knows, so that a port is reused as
// late as can be; different destinations start and advance apart, so that one cannot tell how busy we are with
// another. The Stack asks for a port for each connect() without one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/random.h"
#include "leat/address.h"

namespace leat {

class EphemeralPorts {
 public:
  /// Linux's default net.ipv4.ip_local_port_range, inclusive; above it are ports that systems assign otherwise.
  static constexpr std::uint16_t kFirst = 32768;
  static constexpr std::uint16_t kLast = 60999;
  static constexpr std::uint32_t kCount = kLast - kFirst + 1;

  explicit EphemeralPorts(Random& random);

  /// A port p for connecting from `local` to `remote` for which in_use(p) is false; nothing when all are in use.
  /// in_use is called at most kCount times, typically once.
  template <class InUse>
  std::optional<std::uint16_t> select(const IpAddress& local, const Endpoint& remote, InUse&& in_use) {
    const Sequence s = sequence(local, remote);
    for (std::uint32_t tries = 0; tries < kCount; ++tries) {
      const std::uint16_t port = port_at(s, tries);
      if (in_use(port)) continue;
      advance(s, tries + 1);
      return port;
    }
    return std::nullopt;
  }

 private:
  // Destinations that share a counter advance together; 1024 make that rare for 2 kB.
  static constexpr std::uint32_t kCounters = 1024;

  struct Sequence {
    std::uint32_t offset;   // in [0, kCount)
    std::uint32_t counter;  // index
  };
  Sequence sequence(const IpAddress& local, const Endpoint& remote) const;
  std::uint16_t port_at(const Sequence& s, std::uint32_t tries) const;
  void advance(const Sequence& s, std::uint32_t by);

  SipKey offset_key_;                              // F of the RFC
  SipKey counter_key_;                             // G of the RFC
  std::array<std::uint16_t, kCounters> counters_;  // each in [0, kCount)
};

}  // namespace leat
