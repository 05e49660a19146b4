// AckPolicy: when to acknowledge. At once for every second full segment, for anything out of order, and for the first
// segments of a connection and after silence; otherwise after a delay of the caller's (RFC 9293 §3.8.6.3, RFC 5681
// §4.2). Where data goes both ways in turn ("ping-pong" in Linux) the answer carries the ACK, so that nothing is quick.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "leat/time.h"

namespace leat {

class AckPolicy {
 public:
  static constexpr int kQuickAcks = 16;  ///< Linux: TCP_MAX_QUICKACKS
  /// What a full segment is thought to be while only ends of writes have come, which tell nothing of it (RFC 9293
  /// §3.7.1; Linux begins with the same).
  static constexpr std::uint32_t kDefaultSegment = 536;

  /// In-order data that arrived.
  struct Data {
    std::uint32_t bytes = 0;
    std::uint32_t segment = 0;  ///< the largest of its segments
    bool push = false;          ///< with PSH
    std::uint32_t window = 0;   ///< what we offer, bytes
    Instant now{};
    Duration delay{};    ///< how long a lone segment may wait; zero: not at all
    Duration silence{};  ///< after which the peer begins anew
  };
  void on_data(const Data& data) {
    const bool is_small = data.segment < largest_segment_;
    largest_segment_ = std::max(largest_segment_, data.segment);
    if (!data.push || data.segment > kDefaultSegment) full_segment_ = std::max(full_segment_, data.segment);
    if (last_data_ == kNever || data.now - last_data_ > data.silence) be_quick(data.window);
    last_data_ = data.now;
    unacknowledged_ += data.bytes;
    out_of_order_ = 0;
    owed_ = std::min<std::uint8_t>(owed_, 1);  // with the new number, duplicates of the old one would look like a loss
    if (is_small) {
      pushes_ = pushes_ == 0 ? 1 : 2;
    } else if (data.push && pushes_ == 0) {
      pushes_ = 1;
    }
    const bool quick = data.delay == Duration::zero() || (quick_acks_ > 0 && !interactive_);
    if (quick || unacknowledged_ >= 2 * full_segment()) {
      ack_now();
      hurries_ = careful_ > 0;
    } else if (deadline_ == kNever) {
      deadline_ = data.now + data.delay;
    }
  }
  /// A reader took all there was: who sent a short segment may wait for its ACK, and of more than a full one it is due
  /// soon (Linux: tcp_cleanup_rbuf).
  void on_read_empty() {
    if (deadline_ == kNever) return;
    if (unacknowledged_ > full_segment()) return ack_now();
    if (pushes_ == 2 || (pushes_ == 1 && !interactive_)) ack_now();
  }
  /// Data was sent: an answer, when some came less than `delay` ago.
  void on_data_sent(Instant now, Duration delay) {
    if (last_data_ != kNever && now - last_data_ < delay) interactive_ = true;
  }
  bool is_interactive() const { return interactive_; }
  void set_interactive(bool interactive) { interactive_ = interactive; }
  /// An ACK waits for its delay.
  bool is_delayed() const { return deadline_ != kNever; }
  /// The ACK of a handshake may wait for data to carry it.
  void delay_until(Instant latest) { deadline_ = latest; }
  std::optional<Instant> last_data() const { return last_data_ == kNever ? std::nullopt : std::optional(last_data_); }
  /// Something needs an answer at once: out of order, duplicate, FIN, a window that opened.
  void ack_now() { owed_ = std::max<std::uint8_t>(owed_, 1); }
  /// As ack_now, but one acknowledgement for each call: a sender without SACK counts duplicates.
  void duplicate_ack() {
    owed_ = owed_ == 255 ? owed_ : static_cast<std::uint8_t>(owed_ + 1);
    careful_ = kCareful;
    hurries_ = true;
  }

  /// Out of order, for a sender with SACK. One tells of everything, but may be lost, and a small flight has no other:
  /// the first three after progress go out each, later ones once a batch (Linux: tcp_sack_compress_send_ack).
  void selective_ack() {
    constexpr std::uint8_t kEach = 3;
    careful_ = kCareful;
    if (out_of_order_ >= kEach) return ack_now();
    ++out_of_order_;
    duplicate_ack();
  }

  /// Acknowledgements to be sent now.
  std::uint8_t owed() const { return owed_; }
  /// They do not wait for what else has arrived: where data gets lost, ACKs do, and a small flight whose only ACK is
  /// lost waits for a time-out.
  bool hurries() const { return hurries_ && owed_ > 0; }
  /// A segment with the current ACK number has been sent.
  void on_ack_sent() {
    if (owed_ > 0) --owed_;
    if (careful_ > 0) --careful_;
    if (owed_ == 0) hurries_ = false;
    if (unacknowledged_ > 0 && quick_acks_ > 0) --quick_acks_;
    unacknowledged_ = 0;
    pushes_ = 0;
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
    interactive_ = false;  // no answer came to carry it
    ack_now();
    return true;
  }
  std::uint32_t largest_segment() const { return largest_segment_; }

 private:
  static constexpr std::uint8_t kCareful = 64;  ///< acknowledgements after something came out of order

  std::uint32_t full_segment() const { return full_segment_ == 0 ? kDefaultSegment : full_segment_; }
  // Not more than acknowledge every second segment of the window (Linux: tcp_incr_quickack).
  void be_quick(std::uint32_t window) {
    const std::uint32_t pairs = largest_segment_ > 0 ? window / (2 * largest_segment_) : 0;
    const auto quick = static_cast<std::int8_t>(std::min<std::uint32_t>(pairs == 0 ? 2 : pairs, kQuickAcks));
    quick_acks_ = std::max(quick_acks_, quick);
  }

  Instant deadline_ = kNever;
  Instant last_data_ = kNever;
  std::uint32_t unacknowledged_ = 0;
  std::uint32_t largest_segment_ = 0;
  std::uint32_t full_segment_ = 0;  ///< the largest that may be one; 0: none yet
  std::uint8_t owed_ = 0;
  std::uint8_t out_of_order_ = 0;  ///< acknowledgements since data came in order
  std::int8_t quick_acks_ = 0;
  std::uint8_t careful_ = 0;  ///< acknowledgements until the path counts as a good one again
  bool hurries_ = false;
  std::uint8_t pushes_ = 0;  ///< ends of writes that are not acknowledged, 2 at most
  bool interactive_ = false;
};

}  // namespace leat
