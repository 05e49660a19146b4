// HyStart: detects that slow start has filled the path, before data is lost. There are two signs: ACKs arrive without a
// break for half of the round trip (the ACK train), or round trips become longer (the delay).
//
// DEVIATION: RFC 9438 §4.10 recommends RFC 9406, which uses the delay alone and then grows more slowly for some round
// trips to confirm it. This is Linux's HyStart: one sign ends slow start for good.
#pragma once

#include <cstdint>

#include "tcp/congestion/controller.h"

namespace leat {

class HyStart {
 public:
  using Micros = std::uint32_t;  ///< of a clock that wraps around

  /// A round trip begins. It ends when data beyond `nxt` is acknowledged.
  void begin_round(StreamPos nxt, Micros now);

  /// True when slow start has gone far enough. The sample has an RTT. `min_rtt` is the minimum so far.
  bool on_ack(const AckSample& sample, std::uint32_t cwnd, std::uint32_t mss, Micros min_rtt);

 private:
  bool train_is_long(const AckSample& sample, std::uint32_t cwnd, Micros now, Micros min_rtt);
  bool delay_has_grown(Micros rtt, Micros min_rtt);

  StreamPos round_end_ = 0;
  Micros round_began_ = 0;
  Micros train_last_ = 0;  ///< the last ACK of the train
  Micros least_rtt_ = 0;   ///< in this round trip
  std::uint8_t samples_ = 0;
};

/// The lower 32 bits are enough for differences up to an hour.
constexpr HyStart::Micros to_micros(Duration d) {
  return static_cast<HyStart::Micros>(std::chrono::duration_cast<std::chrono::microseconds>(d).count());
}

}  // namespace leat
