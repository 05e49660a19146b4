// PeerWindow: the window that the peer advertises (SND.WND, RFC 9293 §3.8.6), its scale, and the size of a full
// segment, which depends on it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tcp/stream_pos.h"

namespace leat {

class PeerWindow {
 public:
  void set_scale(std::uint8_t shift) { scale_ = shift; }
  std::uint8_t scale() const { return scale_; }
  /// The window that the handshake has settled.
  void begin(StreamPos segment_seq, StreamPos segment_ack, std::uint32_t field) {
    note(segment_seq, segment_ack);
    size_ = largest_ = field;
  }
  /// SND.WND by RFC 9293 §3.10.7.4: only a newer segment may change it. `segment_ack` >= SND.UNA. True when it changed.
  bool update(StreamPos segment_seq, StreamPos segment_ack, std::uint32_t field, bool scaled) {
    // DEVIATION: RFC 9293 also refuses the window of a new ACK on an older sequence number. Only a retransmission by
    // the peer can carry that, and it is newer. Without its window SND.UNA + SND.WND would reach too far.
    const std::int32_t newer = distance(wl1_, segment_seq), acked = distance(wl2_, segment_ack);
    const bool older = newer < 0 || (newer == 0 && acked < 0);
    if (older && acked <= 0) return false;
    const std::uint32_t before = size_;
    note(segment_seq, segment_ack);
    size_ = scaled ? field << scale_ : field;
    largest_ = std::max(largest_, size_);
    return size_ != before;
  }
  std::uint32_t size() const { return size_; }
  /// The largest window that the peer has ever advertised.
  std::uint32_t largest() const { return largest_; }

  /// The payload that the peer and the path allow in a segment: the unit of cwnd.
  std::uint32_t path_mss() const { return mss_; }
  void set_mss(std::uint32_t bytes) { mss_ = bytes; }
  void lower_mss(std::uint32_t bytes) { mss_ = std::min(mss_, bytes); }
  /// The payload of a full segment now: at most half of the largest window that the peer ever offered (as Linux).
  std::uint32_t mss() const {
    constexpr std::uint32_t kLeast = 48, kSmallWindow = 536;
    const std::uint32_t limit = largest_ > kSmallWindow ? largest_ / 2 : largest_;
    return limit > 0 && limit < mss_ ? std::min(mss_, std::max(limit, kLeast)) : mss_;
  }

 private:
  void note(StreamPos segment_seq, StreamPos segment_ack) {
    wl1_ = static_cast<std::uint32_t>(segment_seq);
    wl2_ = static_cast<std::uint32_t>(segment_ack);
  }

  // These positions are compared with positions less than 2^31 away, so 32 bits are enough.
  std::uint32_t wl1_ = 0;  ///< SND.WL1
  std::uint32_t wl2_ = 0;  ///< SND.WL2
  std::uint32_t size_ = 0;
  std::uint32_t largest_ = 0;
  std::uint32_t mss_ = 536;
  std::uint8_t scale_ = 0;
};

}  // namespace leat
