// FlightPeak: the most that was in flight in a round trip, by which a congestion controller tells whether its window
// was used (Linux: max_packets_out). Called by TcpConnection with every segment that it sends.
#pragma once

#include <cstdint>

#include "tcp/stream_pos.h"

namespace leat {

class FlightPeak {
 public:
  /// A segment up to `nxt` was sent; with it `flight` bytes are under way.
  void on_sent(StreamPos una, StreamPos nxt, std::uint32_t flight) {
    if (una < round_end_ && flight <= bytes_) return;
    bytes_ = flight;
    round_end_ = nxt;
  }
  std::uint32_t bytes() const { return bytes_; }

 private:
  StreamPos round_end_ = 0;  ///< when this is acknowledged, the round trip is over
  std::uint32_t bytes_ = 0;
};

}  // namespace leat
