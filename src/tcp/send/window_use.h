// WindowUse: how far cwnd was used in a round trip, by which a congestion controller tells whether it was tested
// (Linux: tcp_cwnd_validate). Called by TcpConnection with every segment that it sends, and when cwnd keeps one back.
#pragma once

#include <cstdint>

#include "tcp/stream_pos.h"

namespace leat {

class WindowUse {
 public:
  /// `flight` bytes up to `nxt` are under way; `full`: cwnd has no room for another segment.
  void note(StreamPos una, StreamPos nxt, std::uint32_t flight, bool full) {
    // Once full is full: what happens later in the round trip tells no more.
    const bool same_round = una < round_end_;
    if (same_round && !full && (full_ || flight <= peak_)) return;
    full_ = full;
    peak_ = flight;
    round_end_ = nxt;
  }
  bool full() const { return full_; }
  /// The most that was under way.
  std::uint32_t peak() const { return peak_; }

 private:
  StreamPos round_end_ = 0;  ///< when this is acknowledged, the round trip is over
  std::uint32_t peak_ = 0;
  bool full_ = false;
};

}  // namespace leat
