// Undo: tells when a retransmission turns out to have been unnecessary. The evidence is an echoed timestamp from before
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
  /// The window is about to be reduced for a loss at `una`; `resent` bytes are under way again already.
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
  /// Nothing that was sent again is under way or unacknowledged any more.
  void nothing_resent() { resent_since_ = kNever; }
  /// So much of what was sent again since marker() came twice.
  void on_duplicate(std::uint32_t bytes) { resent_ -= std::min(resent_, bytes); }

  bool resent_lately() const { return resent_since_ != kNever; }

  /// All that was sent again has been reported as duplicate.
  bool all_were_duplicates() const { return possible() && resent_at_all_ && resent_ == 0; }
  /// What this ACK answers left before anything was sent again, or nothing was yet.
  bool is_answered_before(std::optional<Instant> echoed) const {
    if (!resent_lately()) return true;
    return echoed && *echoed < std::chrono::floor<std::chrono::milliseconds>(resent_since_);
  }

 private:
  StreamPos marker_ = -1;
  Instant resent_since_ = kNever;
  std::uint32_t resent_ = 0;  ///< bytes sent again and not reported as duplicates
  bool resent_at_all_ = false;
};

}  // namespace leat
