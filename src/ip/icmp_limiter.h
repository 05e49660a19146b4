// IcmpLimiter limits the rate of the ICMP errors that we send, so that forged datagrams cannot make us flood a host
// (RFC 1812 §4.3.2.8). Two token buckets with Linux's figures must agree: one for all errors (icmp_msgs_per_sec,
// icmp_msgs_burst), and one for each destination (icmp_ratelimit). A keyed hash spreads destinations over a fixed
// table, which bounds the memory.
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

  /// True when an error may be sent to `destination` now. It then counts as sent.
  bool allow(const IpAddress& destination, Instant now);

 private:
  /// A token bucket. It is full at first, and gains a token every `each` up to `burst`.
  struct Bucket {
    Instant empty_at = Instant::min();  ///< the time at which it was empty, if it has filled evenly since
    bool has_token(Instant now, Duration each, unsigned burst);
    void take(Duration each) { empty_at += each; }
  };

  SipKey key_;
  Bucket all_;
  std::array<Bucket, 256> destinations_;
};

}  // namespace leat
