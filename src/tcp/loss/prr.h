// Prr: proportional rate reduction (RFC 6937, RFC 9937). While the window is being reduced, it says how much may be
// sent for the data that each ACK delivers, so that sending goes on evenly and ends at ssthresh.
#pragma once

#include <algorithm>
#include <cstdint>

namespace leat {

class Prr {
 public:
  /// `flight`: RecoverFS, bytes. `cwnd` holds until an ACK delivers data.
  void begin(std::uint32_t flight, std::uint32_t cwnd) {
    *this = {};
    flight_ = std::max(flight, 1u);
    cwnd_ = cwnd;
  }
  bool running() const { return flight_ > 0; }
  void end() { *this = {}; }

  struct Ack {
    std::uint32_t delivered = 0;  ///< bytes
    std::int64_t in_flight = 0;   ///< after it
    bool safe = false;            ///< SND.UNA moved, and nothing more was found lost
  };
  void on_ack(const Ack& ack, std::uint32_t ssthresh, std::uint32_t mss) {
    if (ack.delivered == 0) return;
    delivered_ += ack.delivered;
    const std::int64_t below = std::int64_t{ssthresh} - ack.in_flight;
    std::int64_t may_send = 0;
    if (below < 0) {
      // A part of a segment counts as a whole one, as in Linux, or the window would shrink too early.
      may_send = static_cast<std::int64_t>((ssthresh * delivered_ + flight_ - 1) / flight_) - sent();
      may_send += (mss - may_send % mss) % mss;
    } else {
      may_send = std::max<std::int64_t>(static_cast<std::int64_t>(delivered_) - sent(), ack.delivered);
      if (ack.safe) may_send += mss;
      may_send = std::min(may_send, below);
    }
    // The first segment goes whatever is in flight: fast retransmit.
    if (sent_ == 0) may_send = std::max<std::int64_t>(may_send, mss);
    cwnd_ = static_cast<std::uint32_t>(std::max<std::int64_t>(ack.in_flight + std::max<std::int64_t>(may_send, 0), 0));
  }
  void on_sent(std::uint32_t bytes) { sent_ += bytes; }

  std::uint32_t cwnd() const { return cwnd_; }

 private:
  std::int64_t sent() const { return static_cast<std::int64_t>(sent_); }

  std::uint64_t delivered_ = 0;
  std::uint64_t sent_ = 0;
  std::uint32_t flight_ = 0;
  std::uint32_t cwnd_ = 0;
};

}  // namespace leat
