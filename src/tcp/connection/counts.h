// ConnectionCounts: what a connection counts, for TcpInfo: what every segment moves, and what most connections never
// meet. Bytes follow from positions in the streams, but for those that were sent again.
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

  /// Of the counts only those that are not above, and follow from nothing.
  struct Troubles : TcpCounts {
    ChallengeLimit challenges;
  };
  /// To count with: kept from the first time on.
  Troubles& troubles() {
    if (!troubles_) troubles_ = std::make_unique<Troubles>();
    return *troubles_;
  }
  const Troubles* any_troubles() const { return troubles_.get(); }

 private:
  std::unique_ptr<Troubles> troubles_;
};

}  // namespace leat
