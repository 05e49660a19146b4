// Congestion: what loss detection has to tell the congestion controller. Recovery puts these signals into its verdicts
// in the order of their causes, and the connection passes them on: Recovery knows no controller.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "leat/time.h"
#include "tcp/stream_pos.h"

namespace leat {

struct Congestion {
  enum class Kind : std::uint8_t {
    loss,           ///< fast recovery begins
    repaired_loss,  ///< a tail probe has replaced the segment that was lost (RFC 8985 §7.4.2)
    time_out,       ///< the retransmission timer expired
    recovered,      ///< everything that was outstanding when fast recovery began is acknowledged
    undo,           ///< the last loss or time-out was spurious (RFC 4015 §3.2)
  };

  Kind kind;
  bool first;               ///< of a time_out: everything sent before the last reduction is acknowledged
  std::uint32_t flight;     ///< bytes sent and not acknowledged, lost ones included (RFC 5681 §2)
  std::uint32_t in_flight;  ///< bytes of these that are still thought to be in the network
  StreamPos nxt;            ///< SND.NXT
  Instant now;
};

/// The signals of one verdict. Its constructor leaves the room for them uninitialized, because few ACKs need any.
class CongestionSignals {
 public:
  CongestionSignals() : count_(0) {}

  void add(const Congestion& signal) {
    LEAT_ASSERT(count_ < signals_.size());
    signals_[count_++] = signal;
  }
  const Congestion* begin() const { return signals_.data(); }
  const Congestion* end() const { return signals_.data() + count_; }

 private:
  /// One ACK ends a recovery, undoes another by D-SACK, begins the next, and reports a repaired loss: no more.
  std::array<Congestion, 4> signals_;
  std::size_t count_;
};

}  // namespace leat
