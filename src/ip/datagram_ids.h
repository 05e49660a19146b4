// DatagramIds: the identification field of the IPv4 datagrams that we send.
//
// A datagram with DF set is atomic: its identification means nothing (RFC 6864 §4.1), so it is 0 and tells nothing
// about other traffic. Datagrams that may be fragmented count in the way of RFC 7739 §5.3: each pair of addresses
// starts somewhere else, and counts in one of many counters. A keyed hash chooses both, so that no host learns from its
// own datagrams how many are sent to another one.
#pragma once

#include <array>
#include <cstdint>

#include "base/siphash.h"
#include "leat/address.h"

namespace leat {

class DatagramIds {
 public:
  explicit DatagramIds(const SipKey& key) : key_(key) {}

  /// The identification of the next datagram from `source` to `destination`.
  std::uint16_t next(const IpAddress& source, const IpAddress& destination, bool dont_fragment) {
    if (dont_fragment) return 0;
    const std::array<std::uint64_t, 1> addresses{std::uint64_t{source.v4_value()} << 32 | destination.v4_value()};
    const std::uint64_t hash = siphash_words<2, 4>(key_, addresses);
    const auto start = static_cast<std::uint16_t>(hash >> 48);
    return static_cast<std::uint16_t>(start + counters_[hash % counters_.size()]++);
  }

 private:
  SipKey key_;
  std::array<std::uint16_t, 1024> counters_{};
};

}  // namespace leat
