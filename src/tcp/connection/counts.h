// ConnectionCounts: the counters of a connection, for TcpInfo. Some change with every segment. The others count events
// that most connections never meet, and take memory only then. Byte counts follow from stream positions, except for
// retransmitted bytes.
#pragma once

#include <cstdint>
#include <memory>

#include "leat/tcp_info.h"
#include "leat/time.h"
#include "tcp/challenge_limit.h"

namespace leat {

class ConnectionCounts {
 public:
  std::uint32_t segs_out = 0, segs_in = 0, data_segs_out = 0, data_segs_in = 0;  ///< modulo 2^32, as Linux's
  Duration handshake{};

  /// Only those members of TcpCounts are used that are neither above nor derived from positions.
  struct Troubles : TcpCounts {
    ChallengeLimit challenges;
  };
  /// The counters to change; allocated on first use.
  Troubles& troubles() {
    if (!troubles_) troubles_ = std::make_unique<Troubles>();
    return *troubles_;
  }
  const Troubles* any_troubles() const { return troubles_.get(); }

 private:
  std::unique_ptr<Troubles> troubles_;
};

}  // namespace leat
