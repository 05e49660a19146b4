// ChallengeLimit: how often a stray segment may be answered. Two stacks that answer each other's stray segments would
// never stop (RFC 5961 §7; Linux: tcp_invalid_ratelimit).
#pragma once

#include "leat/time.h"

namespace leat {

class ChallengeLimit {
 public:
  /// True when an answer may be sent now. The caller sends it. `interval`: TcpSettings::challenge_interval.
  bool allow(Duration interval, Instant now) {
    if (now < next_) return false;
    next_ = now + interval;
    return true;
  }

 private:
  Instant next_{Instant::min()};
};

}  // namespace leat
