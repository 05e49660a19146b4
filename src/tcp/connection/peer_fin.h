// PeerFin: whether the peer's FIN has been seen, and at which position of its stream.
#pragma once

#include <cstdint>

#include "tcp/stream_pos.h"

namespace leat {

class PeerFin {
 public:
  void see(StreamPos pos) {
    seen_ = true;
    pos_ = static_cast<std::uint32_t>(pos);
  }
  void forget() { seen_ = false; }
  bool seen() const { return seen_; }
  /// `nxt` is RCV.NXT. -1 when no FIN was seen.
  StreamPos pos(StreamPos nxt) const { return seen_ ? nearest(nxt, pos_) : -1; }
  /// Everything before the FIN has arrived, and the FIN counts as received.
  bool passed(StreamPos nxt) const { return seen_ && nxt > pos(nxt); }

 private:
  std::uint32_t pos_ = 0;  ///< the last 32 bits
  bool seen_ = false;
};

}  // namespace leat
