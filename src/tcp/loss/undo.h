// Undo: tells when a retransmission turns out to be unnecessary. The evidence is an echoed timestamp from before
// the first retransmission (Eifel, RFC 3522), or D-SACKs for all of them (RFC 3708).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "leat/time.h"
#include "tcp/stream_pos.h"

namespace leat {

class Undo {
 public:
  /// The window is about to be reduced for a loss at `una`. `resent` bytes are retransmitted and in flight already.
  void begin(StreamPos una, std::uint32_t resent) {
    marker_ = una;
    resent_ = resent;
    resent_at_all_ = resent > 0;
  }
  void forget() { marker_ = -1; }
  bool possible() const { return marker_ >= 0; }
  StreamPos marker() const { return marker_; }

  void on_resent(std::uint32_t bytes, Instant now) {
    if (resent_since_ == kNever) resent_since_ = now;
    resent_at_all_ = true;
    resent_ += bytes;
  }
  /// All retransmitted data is acknowledged.
  void nothing_resent() { resent_since_ = kNever; }
  /// The peer reports `bytes` of the data retransmitted since marker() as duplicates.
  void on_duplicate(std::uint32_t bytes) { resent_ -= std::min(resent_, bytes); }

  bool resent_lately() const { return resent_since_ != kNever; }

  /// All retransmitted data has been reported as duplicate.
  bool all_were_duplicates() const { return possible() && resent_at_all_ && resent_ == 0; }
  /// The ACK answers a segment that was sent before the first retransmission, or nothing was retransmitted yet.
  bool is_answered_before(std::optional<Instant> echoed) const {
    if (!resent_lately()) return true;
    return echoed && *echoed < std::chrono::floor<std::chrono::milliseconds>(resent_since_);
  }

 private:
  StreamPos marker_ = -1;
  Instant resent_since_ = kNever;
  std::uint32_t resent_ = 0;  ///< bytes retransmitted and not reported as duplicates
  bool resent_at_all_ = false;
};

}  // namespace leat
