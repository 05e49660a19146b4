#include "ip/icmp_limiter.h"

#include <algorithm>
#include <chrono>

namespace leat {

bool IcmpLimiter::Bucket::has_token(Instant now, Duration each, unsigned burst) {
  empty_at = std::max(empty_at, now - each * burst);
  return empty_at + each <= now;
}

bool IcmpLimiter::allow(const IpAddress& destination, Instant now) {
  constexpr Duration kEach = Duration(std::chrono::seconds(1)) / kPerSecond;
  constexpr Duration kEachOfADestination = Duration(std::chrono::seconds(1)) / kPerSecondAndDestination;
  Bucket& one = destinations_[siphash<1, 3>(key_, destination.bytes) % destinations_.size()];
  if (!all_.has_token(now, kEach, kBurst) || !one.has_token(now, kEachOfADestination, kBurstADestination)) {
    return false;
  }
  all_.take(kEach);
  one.take(kEachOfADestination);
  return true;
}

}  // namespace leat
