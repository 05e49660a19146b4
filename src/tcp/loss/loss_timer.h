// LossTimer: the only timer for outstanding data. It waits for a tail probe (RFC 8985 §7), for the end of the
// reordering window (§6.3) or for the retransmission time-out (RFC 6298), never for two of them.
#pragma once

#include <cstdint>

#include "leat/time.h"

namespace leat {

struct LossTimer {
  enum class Kind : std::uint8_t { time_out, tail_probe, reordering };

  Instant deadline = kNever;
  Kind kind = Kind::time_out;

  bool armed() const { return deadline != kNever; }
  void arm(Kind what, Instant at) {
    kind = what;
    deadline = at;
  }
  void stop() { *this = {}; }
};

}  // namespace leat
