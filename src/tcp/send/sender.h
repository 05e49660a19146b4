// Sender: SND.UNA, SND.NXT, the peer's window, and what new data may go now (window, Nagle, cork, silly window).
// Congestion and loss are told to it as numbers; it knows nothing of the receive side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "tcp/send/send_queue.h"
#include "tcp/stream_pos.h"

namespace leat {

class Sender {
 public:
  Sender(std::size_t limit, bool nodelay) : nodelay_(nodelay) { set_limit(limit); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Gives it what it needs while it has something to send, the FIN included. Without a queue SND.UNA, SND.NXT and the
  /// end of all that was ever written are the same.
  void attach(SendQueue& queue) {
    queue.start(data_end());
    queue_ = &queue;
  }
  void detach() { queue_ = nullptr; }

  /// Up to 1 GiB: with another one that was borrowed positions are less than 2^31 apart.
  void set_limit(std::size_t bytes) {
    constexpr std::size_t kMost = std::size_t{1} << 30;
    limit_ = static_cast<std::uint32_t>(std::min(bytes, kMost));
  }
  void grow_limit(std::size_t bytes) { set_limit(std::max<std::size_t>(bytes, limit_)); }
  /// Switched on it lets go what waits, corked or not (as Linux).
  void set_nodelay(bool on) {
    push_ = push_ || (on && !nodelay_);
    nodelay_ = on;
  }
  void set_cork(bool on) { corked_ = on; }
  /// Lets go what was written so far, whatever Nagle, the cork and MSG_MORE say (Linux: TCP_NAGLE_PUSH).
  void push_pending() { push_ = true; }

  StreamPos una() const { return una_; }
  StreamPos nxt() const { return nxt_; }
  std::uint32_t window() const { return wnd_; }
  std::uint32_t largest_window() const { return max_wnd_; }
  /// What the peer and the path let a segment hold: the unit of cwnd.
  std::uint32_t path_mss() const { return mss_; }
  /// What one holds now: no more than half of the largest window that the peer ever offered (as Linux).
  std::uint32_t mss() const {
    constexpr std::uint32_t kLeast = 48, kSmallWindow = 536;
    const std::uint32_t limit = max_wnd_ > kSmallWindow ? max_wnd_ / 2 : max_wnd_;
    return limit > 0 && limit < mss_ ? std::min(mss_, std::max(limit, kLeast)) : mss_;
  }
  void set_mss(std::uint32_t bytes) { mss_ = bytes; }
  void lower_mss(std::uint32_t bytes) { mss_ = std::min(mss_, bytes); }
  void set_scale(std::uint8_t shift) { scale_ = shift; }
  std::uint8_t scale() const { return scale_; }

  /// Takes what fits below the limit (and what the pool gives memory for). `more`: less than a segment waits for it.
  std::size_t write(Bytes data, BufferPool& pool, bool more = false);
  /// Takes it as it is, whatever the limit says; false when the pool refused, or is_full_of_slices().
  bool write(Slice slice, BufferPool& pool);
  /// Room for `wanted` bytes or less, to be filled in and told by wrote(); none without memory, or below the limit.
  MutableBytes room_to_fill(std::size_t wanted, BufferPool& pool);
  void wrote(std::size_t n);
  bool is_full_of_slices() const { return queue_->buffer.is_full_of_slices(); }
  /// Bytes that may be said to be written.
  std::size_t prepared() const { return queue_ == nullptr ? 0 : queue_->buffer.prepared(); }
  /// The write took less than there was: it ends here, for now.
  void end_write() { mark_push(data_end()); }
  /// The segment that ends at `pos` is pushed.
  void mark_push(StreamPos pos);
  std::size_t buffered() const { return queue_ == nullptr ? 0 : queue_->buffer.size(); }
  std::uint32_t limit() const { return limit_; }
  std::size_t room() const { return limit_ > buffered() ? limit_ - buffered() : 0; }
  /// What may be written before `lowat` bytes wait to be sent, up to a whole segment.
  std::size_t room_below(std::uint32_t lowat) const;
  /// Where no room is left before a whole segment could come together, nothing is worth waiting for (as Linux, which
  /// pushes whenever a writer has to wait).
  void push_when_full(std::uint32_t lowat);
  /// A third of the buffer is free, and half of `lowat`: worth waking a writer (Linux: sk_stream_is_writeable).
  bool is_writable(std::uint32_t lowat) const {
    return room() * 3 >= limit_ && std::uint64_t{unsent_bytes()} * 2 < lowat;
  }
  /// Everything written so far is urgent (RFC 9293 §3.8.5).
  void mark_urgent() { queue_->up = data_end(); }
  /// SND.UP: the position after the last urgent byte; at most SND.UNA when there is none.
  StreamPos urgent_end() const { return queue_ == nullptr ? 0 : queue_->up; }
  /// No more writes; the FIN takes the position after the last byte.
  void queue_fin() { fin_queued_ = true; }
  bool fin_queued() const { return fin_queued_; }
  /// The FIN was sent, in a segment of its own.
  bool fin_left_alone() const { return fin_alone_ && nxt_ > data_end(); }
  bool fin_acked() const { return fin_queued_ && una_ > data_end(); }
  /// One past the last byte that was written.
  StreamPos data_end() const {
    if (queue_ != nullptr) return queue_->buffer.end();
    return std::max<StreamPos>(una_, 1) - (fin_queued_ ? 1 : 0);  // all is acknowledged, the FIN too
  }
  /// One past everything that is to be sent, the FIN included.
  StreamPos end() const { return data_end() + (fin_queued_ ? 1 : 0); }
  bool everything_acked() const { return una_ >= end(); }
  std::uint32_t unsent_bytes() const;

  /// The SYN (position 0) has been sent or acknowledged.
  void syn_sent() { nxt_ = std::max<StreamPos>(nxt_, 1); }

  /// Moves SND.UNA to `pos`, which is in (una, nxt]; returns the bytes of data that this acknowledges.
  std::uint32_t on_ack(StreamPos pos);
  /// SND.WND by RFC 9293 §3.10.7.4: only a newer segment may change it. `segment_ack` >= SND.UNA. True when it changed.
  bool update_window(StreamPos segment_seq, StreamPos segment_ack, std::uint32_t field, bool scaled);
  void first_window(StreamPos segment_seq, StreamPos segment_ack, std::uint32_t field);
  /// Bytes of window beyond SND.NXT; negative after the peer took some back.
  std::int64_t usable_window() const { return una_ + wnd_ - nxt_; }
  /// The position that a segment without data carries.
  StreamPos empty_segment_pos() const;

  struct Plan {
    StreamPos pos = 0;
    std::uint32_t length = 0;
    bool fin = false;
  };
  /// New data (or the FIN) that may go now, when the network takes `allowance` more bytes; at most
  /// `max_burst` bytes. `override_timer`: the silly-window rule has waited long enough.
  std::optional<Plan> next_new(std::int64_t allowance, std::uint32_t max_burst, bool override_timer) const;
  /// The plan for sending [begin, end) again, cut to `max_burst`.
  Plan again(StreamPos begin, StreamPos end, std::uint32_t max_burst) const;
  /// The plan went out.
  void sent(const Plan& plan);

  /// Something waits that neither an ACK nor a retransmission time-out will start: the window holds it.
  bool is_blocked_by_window() const;
  /// The same, but the cork holds it.
  bool is_corked() const;
  /// Nothing holds back what waits for more of a write any longer.
  void forget_more() { more_ = false; }

  SendBuffer::Gathered gather(const Plan& plan, std::span<Slice> out) const {
    return queue_->buffer.gather(plan.pos, plan.length, out);
  }
  void discard() {
    if (queue_ != nullptr) queue_->buffer.clear();
  }

 private:
  bool nagle_holds(std::uint32_t length) const;
  void on_written(StreamPos begin, bool more);
  void mark_write(StreamPos begin, bool more);

  SendQueue* queue_ = nullptr;
  StreamPos una_ = 0;
  StreamPos nxt_ = 0;
  // Of positions that are less than 2^31 from those they are compared with the lower half is enough.
  std::uint32_t wl1_ = 0;     ///< SND.WL1
  std::uint32_t wl2_ = 0;     ///< SND.WL2
  std::uint32_t pushed_ = 1;  ///< the last mark for PSH
  std::uint32_t limit_ = 0;
  std::uint32_t wnd_ = 0;
  std::uint32_t max_wnd_ = 0;
  std::uint32_t mss_ = 536;
  std::uint8_t scale_ = 0;
  bool nodelay_;
  bool corked_ = false;
  bool more_ = false;  ///< the last write said that more follows
  bool push_ = false;  ///< what was written so far waits for nothing but the window
  bool fin_queued_ = false;
  bool fin_alone_ = false;
};

}  // namespace leat
