// TailProbe: sends one segment after two round trips of silence, so that an ACK reveals a lost tail before the
// retransmission time-out does (TLP, RFC 8985 §7).
#pragma once

#include <cstdint>

#include "leat/time.h"
#include "tcp/stream_pos.h"

namespace leat {

class TailProbe {
 public:
  /// PTO, §7.2. `alone`: one segment is outstanding, whose ACK the peer may delay; `delay`: for how long.
  static Duration timeout(Duration srtt, bool alone, Duration delay) {
    constexpr Duration kMargin = std::chrono::milliseconds(2);  // Linux: TCP_TIMEOUT_MIN
    if (srtt == Duration::zero()) return std::chrono::seconds(1);
    return 2 * srtt + (alone ? delay : kMargin);
  }

  bool outstanding() const { return end_ >= 0; }
  bool was_resent() const { return resent_; }
  StreamPos end() const { return end_; }
  /// The probe ends at `nxt`. `resent`: it is a retransmission, not new data.
  void on_sent(StreamPos nxt, bool resent) {
    end_ = nxt;
    resent_ = resent;
  }
  void forget() { end_ = -1; }

  struct Ack {
    StreamPos ack = 0;
    bool advanced = false;  ///< SND.UNA, or something was sacked
    bool plain_duplicate = false;
    bool duplicate_of_probe = false;  ///< a D-SACK says that both have arrived
  };
  /// §7.4. True when the probe has repaired a loss that nothing else revealed.
  bool on_ack(const Ack& in) {
    if (!outstanding() || in.ack < end_) return false;
    if (!resent_ || in.duplicate_of_probe) {
      forget();
      return false;
    }
    if (in.ack > end_) {
      forget();
      return true;
    }
    if (in.plain_duplicate) forget();
    return false;
  }

 private:
  StreamPos end_ = -1;
  bool resent_ = false;
};

}  // namespace leat
