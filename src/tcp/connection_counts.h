// ConnectionCounts: what a connection counts, for TcpInfo: what every segment moves, and what most connections never
// meet. Bytes follow from positions in the streams.
#pragma once

#include <cstdint>
#include <memory>

#include "leat/time.h"

namespace leat {

class ConnectionCounts {
 public:
  std::uint64_t segs_out = 0, segs_in = 0, data_segs_out = 0, data_segs_in = 0;
  Duration handshake{};

  struct Troubles {
    std::uint64_t bytes_retrans = 0, rcv_ooopack = 0;
    std::uint32_t total_retrans = 0, rto_count = 0, fast_recoveries = 0;
    std::uint32_t dupacks_in = 0, dupacks_out = 0, dsack_dups = 0, reord_seen = 0;
    Instant next_challenge{Instant::min()};  ///< when strangers are answered again (RFC 5961 §7)
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
