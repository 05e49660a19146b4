// Sender: SND.UNA, SND.NXT, the peer's window, and which new data may go now (window, Nagle, cork, silly window). The
// connection passes limits of congestion and loss as numbers. Sender knows nothing about the receive side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "tcp/send/peer_window.h"
#include "tcp/send/send_queue.h"
#include "tcp/send/small_segments.h"
#include "tcp/stream_pos.h"

namespace leat {

class Sender {
 public:
  Sender(std::size_t limit, bool nodelay) : small_(nodelay) { set_limit(limit); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Gives it the queue that it needs while data or a FIN waits. Without a queue SND.UNA, SND.NXT and the end of the
  /// written data are the same.
  void attach(SendQueue& queue) {
    queue.start(data_end());
    queue_ = &queue;
  }
  void detach() { queue_ = nullptr; }

  /// Up to 1 GiB. Even with another GiB that is borrowed, positions are less than 2^31 apart.
  void set_limit(std::size_t bytes) {
    constexpr std::size_t kMost = std::size_t{1} << 30;
    limit_ = static_cast<std::uint32_t>(std::min(bytes, kMost));
  }
  void grow_limit(std::size_t bytes) { set_limit(std::max<std::size_t>(bytes, limit_)); }
  StreamPos una() const { return una_; }
  StreamPos nxt() const { return nxt_; }
  /// The peer's window, and the size of segments.
  PeerWindow& peer() { return peer_; }
  const PeerWindow& peer() const { return peer_; }
  std::uint32_t mss() const { return peer_.mss(); }
  std::uint32_t path_mss() const { return peer_.path_mss(); }
  /// The rules that hold small segments back.
  SmallSegments& small_segments() { return small_; }

  /// Takes the data that fits below the limit and that the pool has memory for. `more`: a partial segment waits for it.
  std::size_t write(Bytes data, BufferPool& pool, bool more = false);
  /// Takes the slice by reference, whatever the limit says. False when the pool refuses, or is_full_of_slices().
  bool write(Slice slice, BufferPool& pool);
  /// Room for up to `wanted` bytes, to be filled in and reported by wrote(). Empty without memory or at the limit.
  MutableBytes room_to_fill(std::size_t wanted, BufferPool& pool);
  void wrote(std::size_t n);
  bool is_full_of_slices() const { return queue_->buffer.is_full_of_slices(); }
  /// The largest argument for wrote() now.
  std::size_t prepared() const { return queue_ == nullptr ? 0 : queue_->buffer.prepared(); }
  /// The write took only a part of the data and ends here.
  void end_write() { mark_push(data_end()); }
  /// A record ends: later data shares no segment with the data written so far (MSG_EOR).
  void end_record() {
    if (queue_ != nullptr) queue_->buffer.end_record();
  }
  /// The segment that ends at `pos` carries PSH.
  void mark_push(StreamPos pos);
  std::size_t buffered() const { return queue_ == nullptr ? 0 : queue_->buffer.size(); }
  std::uint32_t limit() const { return limit_; }
  std::size_t room() const { return limit_ > buffered() ? limit_ - buffered() : 0; }
  /// The bytes that may be written before `lowat` bytes wait to be sent, rounded up to a whole segment.
  std::size_t room_below(std::uint32_t lowat) const;
  /// When the limits leave no room for a whole segment, a partial one need not wait for more (Linux pushes whenever a
  /// writer has to wait).
  void push_when_full(std::uint32_t lowat);
  /// A third of the buffer and half of `lowat` are free: the writer is woken (Linux: sk_stream_is_writeable).
  bool is_writable(std::uint32_t lowat) const {
    return room() * 3 >= limit_ && std::uint64_t{unsent_bytes()} * 2 < lowat;
  }
  /// Everything written so far is urgent (RFC 9293 §3.8.5).
  void mark_urgent() { queue_->up = data_end(); }
  /// SND.UP: the position after the last urgent byte; at most SND.UNA when there is none.
  StreamPos urgent_end() const { return queue_ == nullptr ? 0 : queue_->up; }
  /// No more writes follow. The FIN takes the position after the last byte.
  void queue_fin() { fin_queued_ = true; }
  bool fin_queued() const { return fin_queued_; }
  /// The FIN was sent, in a segment of its own.
  bool fin_left_alone() const { return fin_alone_ && nxt_ > data_end(); }
  bool fin_acked() const { return fin_queued_ && una_ > data_end(); }
  /// One past the last byte that was written.
  StreamPos data_end() const {
    if (queue_ != nullptr) return queue_->buffer.end();
    return std::max<StreamPos>(una_, 1) - (fin_queued_ ? 1 : 0);  // everything is acknowledged, the FIN included
  }
  /// One past everything that is to be sent, the FIN included.
  StreamPos end() const { return data_end() + (fin_queued_ ? 1 : 0); }
  bool everything_acked() const { return una_ >= end(); }
  std::uint32_t unsent_bytes() const;

  /// The SYN (position 0) has been sent or acknowledged.
  void syn_sent() { nxt_ = std::max<StreamPos>(nxt_, 1); }

  /// Moves SND.UNA to `pos`, which is in (una, nxt]; returns the bytes of data that this acknowledges.
  std::uint32_t on_ack(StreamPos pos);
  /// Bytes of window beyond SND.NXT; negative after the peer took some back.
  std::int64_t usable_window() const { return una_ + peer_.size() - nxt_; }
  /// The position that a segment without data carries.
  StreamPos empty_segment_pos() const;

  struct Plan {
    StreamPos pos = 0;
    std::uint32_t length = 0;
    bool fin = false;
  };
  /// New data (or the FIN) that may go now, at most `max_burst` bytes, when the congestion window has room for
  /// `allowance` bytes. `override_timer`: the silly-window rule has waited long enough.
  std::optional<Plan> next_new(std::int64_t allowance, std::uint32_t max_burst, bool override_timer) const;
  /// The plan to retransmit [begin, end), cut to `max_burst`.
  Plan again(StreamPos begin, StreamPos end, std::uint32_t max_burst) const;
  /// The plan was carried out.
  void sent(const Plan& plan);

  /// The window holds data back, and neither an ACK nor a retransmission time-out is to be expected.
  bool is_blocked_by_window() const;
  /// The same, but the cork holds the data back.
  bool is_corked() const;
  SendBuffer::Gathered gather(const Plan& plan, std::span<Slice> out) const {
    return queue_->buffer.gather(plan.pos, plan.length, out);
  }
  void discard() {
    if (queue_ != nullptr) queue_->buffer.clear();
  }

 private:
  bool holds(std::uint32_t length) const;
  void on_written(StreamPos begin, bool more);
  void mark_write(StreamPos begin, bool more);

  SendQueue* queue_ = nullptr;
  StreamPos una_ = 0;
  StreamPos nxt_ = 0;
  PeerWindow peer_;
  SmallSegments small_;
  std::uint32_t pushed_ = 1;  ///< the last mark for PSH; the last 32 bits of the position
  std::uint32_t limit_ = 0;
  bool fin_queued_ = false;
  bool fin_alone_ = false;
};

}  // namespace leat
