// AckPolicy: when to acknowledge. At once for every second full segment, for anything out of order, and for
// the first segments of a connection; otherwise after a delay of the caller's (RFC 9293 §3.8.6.3, RFC 5681 §4.2).
#pragma once

#include <algorithm>
#include <cstdint>

#include "leat/time.h"

namespace leat {

class AckPolicy {
 public:
  static constexpr int kQuickAcks = 16;  ///< Linux: TCP_MAX_QUICKACKS

  /// In-order data arrived: `bytes` in segments of at most `segment` bytes. A lone one may wait until `latest`.
  void on_data(std::uint32_t bytes, std::uint32_t segment, Instant latest) {
    largest_segment_ = std::max(largest_segment_, segment);
    unacknowledged_ += bytes;
    out_of_order_ = 0;
    owed_ = std::min<std::uint8_t>(owed_, 1);  // with the new number, duplicates of the old one would look like a loss
    if (quick_acks_ > 0 || unacknowledged_ >= 2 * largest_segment_) {
      ack_now();
    } else if (deadline_ == kNever) {
      deadline_ = latest;
    }
  }
  /// Something needs an answer at once: out of order, duplicate, FIN, a window that opened.
  void ack_now() { owed_ = std::max<std::uint8_t>(owed_, 1); }
  /// As ack_now, but one acknowledgement for each call: a sender without SACK counts duplicates.
  void duplicate_ack() { owed_ = owed_ == 255 ? owed_ : static_cast<std::uint8_t>(owed_ + 1); }

  /// Out of order, for a sender with SACK. One tells of everything, but may be lost, and a small flight has no other:
  /// the first three after progress go out each, later ones once a batch (Linux: tcp_sack_compress_send_ack).
  void selective_ack() {
    constexpr std::uint8_t kEach = 3;
    if (out_of_order_ >= kEach) return ack_now();
    ++out_of_order_;
    duplicate_ack();
  }

  /// Acknowledgements to be sent now.
  std::uint8_t owed() const { return owed_; }
  /// A segment with the current ACK number has been sent.
  void on_ack_sent() {
    if (owed_ > 0) --owed_;
    if (unacknowledged_ > 0 && quick_acks_ > 0) --quick_acks_;
    unacknowledged_ = 0;
    deadline_ = kNever;
  }
  /// A segment with data carried the ACK: it settles all that is owed. Not while duplicates have to be counted.
  void on_piggybacked() {
    owed_ = 0;
    on_ack_sent();
  }

  Instant deadline() const { return deadline_; }
  /// True when the delay ran out: an ACK is owed now.
  bool on_timer(Instant now) {
    if (now < deadline_) return false;
    deadline_ = kNever;
    ack_now();
    return true;
  }
  std::uint32_t largest_segment() const { return largest_segment_; }

 private:
  Instant deadline_ = kNever;
  std::uint32_t unacknowledged_ = 0;
  std::uint32_t largest_segment_ = 0;
  std::uint8_t owed_ = 0;
  std::uint8_t out_of_order_ = 0;  ///< acknowledgements since data came in order
  std::int8_t quick_acks_ = kQuickAcks;
};

}  // namespace leat
