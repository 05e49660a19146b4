// Receiver: RCV.NXT, the window offered, and where arrived data goes. Knows nothing of the send side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "packet/buffer.h"
#include "tcp/recv/reassembly.h"
#include "tcp/recv/receive_tuning.h"
#include "tcp/recv/recv_queue.h"
#include "tcp/stream_pos.h"

namespace leat {

class Receiver {
 public:
  /// `limit`: bytes of data to keep; `mss`: the largest segment we offered to take.
  Receiver(std::size_t limit, std::uint32_t mss);
  /// The first window; the SYN has offered what of it 16 bits can tell.
  void begin(std::uint32_t first_window);
  /// What was offered stays so.
  void set_limit(std::size_t bytes);
  /// The largest window to offer, 0: as `limit` says.
  void set_clamp(std::uint32_t bytes) { clamp_ = bytes; }
  /// Data comes: the buffer grows to what the reader takes in a round trip, but not above `most`. `echo`: the timestamp
  /// that came with it, and the round trip that it measures.
  void grow(std::size_t most, const std::optional<ReceiveTuning::Echo>& echo, Instant now);
  /// Memory is short: nothing grows, and no more is offered than a few segments.
  void save_memory();

  std::size_t limit() const { return limit_; }
  StreamPos nxt() const { return nxt_; }
  /// The largest window that is offered at present (Linux: rcv_ssthresh).
  std::uint32_t threshold() const { return threshold_; }
  /// Nothing while too little has come for the buffer to be sized by it.
  const ReceiveTuning* tuning() const { return tuning_.get(); }
  /// RCV.NXT + RCV.WND: one past the last position the peer may use. Never moves back.
  StreamPos window_end() const { return window_end_; }
  std::size_t readable() const { return queue_.size(); }
  /// Bytes of data that have come in order.
  std::uint64_t received() const { return static_cast<std::uint64_t>(std::max<StreamPos>(data_end() - 1, 0)); }
  std::span<const Reassembly::Range> sack_blocks() const {
    return reassembly_ ? reassembly_->sack_blocks() : std::span<const Reassembly::Range>{};
  }

  /// The smallest shift that lets 16 bits express `limit` (RFC 7323 §2.2).
  static std::uint8_t scale_for(std::size_t limit);
  /// The shift that applies to our windows from now on; 0 when scaling was not agreed.
  void set_scale(std::uint8_t shift) { scale_ = shift; }
  std::uint8_t scale() const { return scale_; }

  /// RFC 9293 §3.10.7.4, first step: does [pos, pos + length) touch the window? `length` is SEG.LEN.
  bool is_acceptable(StreamPos pos, std::uint32_t length) const;

  struct Accepted {
    std::uint32_t in_order = 0;  ///< bytes by which RCV.NXT moved on
    bool out_of_order = false;   ///< something was queued ahead of RCV.NXT, or waits there still
    bool duplicate = false;      ///< nothing in it was new
    bool refused = false;        ///< no memory: dropped, the peer will send it again
    bool refused_ahead = false;  ///< `refused`, and ahead of RCV.NXT
    bool pruned = false;         ///< what waited out of order was given up for lack of memory
    bool filled_gap = false;     ///< data that was queued out of order is in order now, or was overtaken
  };
  /// Takes the payload at `pos`, cut to the window.
  Accepted accept(StreamPos pos, std::span<Slice> payload, BufferPool& pool);
  /// The peer's SYN or FIN takes one position. A FIN may come when the window is closed.
  void advance_control() {
    fin_taken_ = nxt_ > 0;
    window_end_ = std::max(window_end_, ++nxt_);
  }

  /// Up to the last urgent byte, or from there on; without `oob_inline` it is left out.
  std::size_t read(MutableBytes out, bool oob_inline);
  /// What read() would copy, where it lies; returns how many pieces. They stay until it is read or consumed.
  std::size_t view(std::span<Bytes> pieces, bool oob_inline);
  /// Forgets up to `n` bytes of what view() gives; returns how many.
  std::size_t consume(std::size_t n, bool oob_inline);
  /// What read() would give after `offset` bytes more.
  std::size_t peek(std::size_t offset, MutableBytes out, bool oob_inline) const;

  /// The peer's urgent data ends at `end`. True when that is news for the user: ahead of what was read and of what
  /// was known (RFC 9293 §3.8.5).
  bool on_urgent(StreamPos end, bool oob_inline);
  /// The next byte to read is the last urgent one.
  bool at_mark() const { return urgent() == 1; }
  /// The last urgent byte is here and was not taken out of the stream.
  bool has_urgent_byte() const { return urgent() > 0 && !urgent_taken_ && up_ <= data_end(); }
  bool was_urgent_taken() const { return urgent_taken_; }
  /// Only when has_urgent_byte().
  std::uint8_t urgent_byte(bool take);
  /// Bytes from what was read to the end of urgent data.
  std::uint32_t urgent() const { return static_cast<std::uint32_t>(std::max<StreamPos>(up_ - read_pos(), 0)); }

  /// The window to offer now, as the 16-bit field; moves window_end. `scaled` is false on SYN segments.
  std::uint16_t offer_window(bool scaled);
  /// True when the user has read so much that the peer should hear of it (RFC 9293 §3.8.6.2.2).
  bool wants_window_update() const;

  /// The stream is over: what was sent behind its end is no part of it.
  void forget_out_of_order() { reassembly_.reset(); }

  /// Whether what comes twice is to be remembered until take_duplicate() (RFC 2883, with SACK only).
  void set_reports_duplicates(bool on) { reports_duplicates_ = on; }
  /// [pos, end) as far as it lies before RCV.NXT has come twice.
  void add_duplicate(StreamPos pos, StreamPos end);
  bool has_duplicate() const { return reassembly_ && reassembly_->has_duplicate(); }
  /// Empty when there is nothing to report.
  Reassembly::Range take_duplicate();

  void discard();

 private:
  StreamPos offered_end() const;
  /// RCV.NXT without the FIN.
  StreamPos data_end() const { return nxt_ - (fin_taken_ ? 1 : 0); }
  StreamPos read_pos() const { return data_end() - static_cast<StreamPos>(queue_.size()); }
  void skip_urgent_byte();
  /// Bytes up to the next stop of a reader.
  std::size_t readable_at_once() const {
    return urgent() > 1 ? std::min<std::size_t>(urgent() - 1, queue_.size()) : queue_.size();
  }
  bool may_keep(StreamPos pos, Accepted& result, const BufferPool& pool);
  Accepted accept_slice(StreamPos pos, Slice slice, BufferPool& pool);
  std::size_t most_out_of_order() const;
  std::size_t out_of_order_bytes() const { return reassembly_ ? reassembly_->bytes() : 0; }
  std::size_t room() const { return limit_ > queue_.size() ? limit_ - queue_.size() : 0; }
  void raise_threshold(std::size_t segment);

  RecvQueue queue_;
  std::unique_ptr<ReceiveTuning> tuning_;   ///< once so much has come that it matters
  std::unique_ptr<Reassembly> reassembly_;  ///< while something has arrived ahead of RCV.NXT, or twice
  StreamPos nxt_ = 0;
  StreamPos window_end_ = 0;
  StreamPos up_ = 0;  ///< RCV.UP, the position after the last urgent byte
  std::uint32_t limit_;
  std::uint32_t clamp_ = 0;
  std::uint32_t mss_;
  std::uint32_t threshold_;  ///< the window to offer, which grows as data comes (Linux: rcv_ssthresh)
  std::uint8_t scale_ = 0;
  bool urgent_taken_ = false;  ///< the user has the last urgent byte, and it is still in the queue
  bool fin_taken_ = false;     ///< RCV.NXT counts the peer's FIN
  bool reports_duplicates_ = false;
};

}  // namespace leat
