// HyStart: tells when slow start has filled the path, before something is lost. Two signs: acknowledgements go on
// without a break for as long as half of the round trip (the ACK train), or round trips become longer (the delay).
//
// DEVIATION: RFC 9438 §4.10 recommends RFC 9406, which looks at the delay alone and goes on more slowly for some round
// trips to see whether that was true. This is Linux's: one sign ends slow start for good.
#pragma once

#include <cstdint>

#include "tcp/congestion/controller.h"

namespace leat {

class HyStart {
 public:
  using Micros = std::uint32_t;  ///< of a clock that wraps around

  /// A round trip begins that ends with what is beyond `nxt`.
  void begin_round(StreamPos nxt, Micros now);

  /// Slow start has gone far enough. The sample has a round-trip time; `min_rtt` is the least so far.
  bool on_ack(const AckSample& sample, std::uint32_t cwnd, std::uint32_t mss, Micros min_rtt);

 private:
  bool train_is_long(const AckSample& sample, std::uint32_t cwnd, Micros now, Micros min_rtt);
  bool delay_has_grown(Micros rtt, Micros min_rtt);

  StreamPos round_end_ = 0;
  Micros round_began_ = 0;
  Micros train_last_ = 0;  ///< the last ACK of those that came one right after the other
  Micros least_rtt_ = 0;   ///< of this round trip
  std::uint8_t samples_ = 0;
};

/// Of the lower 32 bits differences up to an hour are right.
constexpr HyStart::Micros to_micros(Duration d) {
  return static_cast<HyStart::Micros>(std::chrono::duration_cast<std::chrono::microseconds>(d).count());
}

}  // namespace leat
