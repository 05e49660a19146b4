// ReceiveTuning: how large a receive buffer has to be so that it never slows the peer down: twice what the reader takes
// in a round trip, for the peer may double what it sends (Dynamic Right-Sizing; Linux: tcp_rcv_space_adjust). A reader
// who is slow himself gets no more room to be slow in.
//
// Measures only; the Receiver asks with each segment of data, and owns one once enough has come for it to matter.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/time.h"
#include "tcp/stream_pos.h"

namespace leat {

class ReceiveTuning {
 public:
  /// Segments that a peer sends before it knows anything of the path (RFC 6928 §2): no sign of anything.
  static constexpr std::uint32_t kFirstFlight = 10;

  /// Our timestamp that came back, and how long ago we had sent it.
  struct Echo {
    std::uint32_t value = 0;
    Duration round_trip{};
  };
  /// Data is about to be taken.
  struct Arrival {
    StreamPos nxt = 0;         ///< RCV.NXT
    StreamPos read = 0;        ///< up to where the user has read
    std::uint32_t window = 0;  ///< RCV.WND
    std::uint32_t mss = 0;     ///< the largest segment
    std::optional<Echo> echo{};
    Instant now{};
  };

  explicit ReceiveTuning(const Arrival& first);

  /// The bytes that the buffer needs; nothing while a round trip is not over, or not known, or brought no more than one
  /// before.
  std::optional<std::uint64_t> on_data(const Arrival& arrival);

  /// The receiver's estimate; zero: none yet.
  Duration round_trip() const { return round_trip_; }
  /// Bytes that the reader took in the best round trip so far.
  std::uint32_t taken() const { return taken_; }

 private:
  void measure_round_trip(const Arrival& arrival);

  Duration round_trip_{};
  std::optional<std::uint32_t> last_echo_;
  Instant window_since_{};  ///< when the peer could begin to fill the window up to window_end_
  StreamPos window_end_ = 0;
  Instant since_{};  ///< of the round trip being measured
  StreamPos read_then_ = 0;
  std::uint32_t taken_;  ///< bytes of the best round trip so far
};

}  // namespace leat
