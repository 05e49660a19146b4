// IcmpLimiter: how many ICMP errors we send, so that nobody can make us flood somebody (RFC 1812 §4.3.2.8). Two token
// buckets must agree, with Linux's figures: one for all (icmp_msgs_per_sec, icmp_msgs_burst), one a destination
// (icmp_ratelimit). Destinations share a fixed table by a keyed hash, so that its memory is bounded.
#pragma once

#include <array>
#include <cstdint>

#include "base/siphash.h"
#include "leat/address.h"
#include "leat/time.h"

namespace leat {

class IcmpLimiter {
 public:
  static constexpr unsigned kPerSecond = 1000, kBurst = 50;
  static constexpr unsigned kPerSecondAndDestination = 1, kBurstADestination = 6;

  explicit IcmpLimiter(const SipKey& key) : key_(key) {}

  /// May an error go to `destination` now? If so it is counted.
  bool allow(const IpAddress& destination, Instant now);

 private:
  /// Full at first; gains `rate` tokens a second up to `burst`.
  struct Bucket {
    Instant empty_at = Instant::min();  ///< when it last held nothing, as if it had filled evenly since
    bool has_token(Instant now, Duration each, unsigned burst);
    void take(Duration each) { empty_at += each; }
  };

  SipKey key_;
  Bucket all_;
  std::array<Bucket, 256> destinations_;
};

}  // namespace leat
