// Scoreboard: the fate of every byte between SND.UNA and SND.NXT (RFC 6675 §3): sacked, lost, retransmitted.
//
// It keeps ranges, which split and merge. Data sent at one instant is one range until a part of it is acknowledged.
// Segments lie at multiples of the MSS from the begin of their range. SACK blocks and losses are rounded to segments,
// so a peer cannot cut the window into bytes. The cost of an operation depends on the ranges that it changes.
// Scoreboard only records. Recovery decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/ring.h"
#include "leat/time.h"
#include "tcp/stream_pos.h"

namespace leat {

/// The reason why a range counts as lost.
enum class LossReason : std::uint8_t {
  none,
  duplicate_acks,       ///< RFC 6582: the third one
  partial_ack,          ///< RFC 6582: the next hole
  later_delivered,      ///< RFC 8985: data sent later has arrived
  retransmission_lost,  ///< the same for a retransmission
  time_out,             ///< RFC 6298
  reneged,              ///< sacked, then dropped by the peer (RFC 2018 §8)
  smaller_path,         ///< RFC 1191: no congestion
};

/// The data that an acknowledgement newly delivers. The caller sets the first three members.
struct Delivery {
  StreamPos sacked_before = 0;       ///< Scoreboard::highest_sacked() before the ACK's own SACK blocks
  StreamPos high = 0;                ///< the end of the data sent before this episode of recovery
  Instant plausible_until{};         ///< no ACK can have answered a later retransmission yet
  std::uint32_t bytes = 0;           ///< cumulatively or selectively, sequence numbers of SYN and FIN too
  std::uint32_t sacked = 0;          ///< of these by SACK
  bool retransmitted = false;        ///< some data acknowledged cumulatively had been retransmitted
  bool original_below_high = false;  ///< some never was, and was sent before the episode (RFC 5682 §3.1)
  StreamPos reordered_from = std::numeric_limits<StreamPos>::max();  ///< never retransmitted, and filled a hole
  Instant acked_first = kNever, acked_last = kNever;  ///< when data was sent that was never retransmitted
  Instant sacked_first = kNever, sacked_last = kNever;
  struct Newest {
    Instant sent_at{};
    std::uint32_t order = 0;  ///< among the data sent at the same instant
    StreamPos end = -1;
  } newest;  ///< the delivered data that was sent last (RFC 8985 §6.2 step 2)
};

class Scoreboard {
 public:
  struct Lost {
    StreamPos begin = 0, end = 0;
    LossReason reason = LossReason::none;
    bool empty() const { return begin >= end; }
  };

  /// Nothing is outstanding, and the next data begins at `at`.
  void start(StreamPos at);
  StreamPos begin() const { return begin_; }
  StreamPos end() const { return end_; }
  /// In bytes: sacked; counted as lost, retransmitted or not; retransmitted and still in flight.
  std::uint32_t sacked() const { return sacked_; }
  std::uint32_t lost() const { return lost_; }
  std::uint32_t resent() const { return resent_; }
  /// Bytes in the network (RFC 6675's pipe).
  std::int64_t in_flight() const { return end_ - begin_ - sacked_ - lost_ + resent_; }
  /// The end of the highest sacked range; begin() when nothing is sacked.
  StreamPos highest_sacked() const { return sacked_ > 0 ? highest_sacked_ : begin_; }
  /// All bytes that were ever found lost.
  std::uint64_t losses() const { return losses_; }
  /// The bytes of [begin, end) that are outstanding and were ever retransmitted.
  std::uint32_t ever_resent(StreamPos begin, StreamPos end) const;
  bool first_is_sacked() const;
  bool first_is_lost() const;
  bool first_was_resent() const;
  /// When the first byte was last sent.
  Instant first_sent_at() const;

  /// Segments of at most `mss` bytes from here on.
  void set_mss(std::uint32_t mss) { mss_ = mss; }
  void sent(StreamPos end, Instant now);
  void sent_again(StreamPos begin, StreamPos end, Instant now);
  void acknowledge(StreamPos una, Delivery& delivery);
  /// Whole segments of [begin, end), which may reach beyond what is outstanding.
  void sack(StreamPos begin, StreamPos end, Delivery& delivery);

  /// Marks [begin, end) as lost, except sacked data. Retransmissions in it are lost, too.
  void lose(StreamPos begin, StreamPos end, LossReason reason);
  /// Marks everything as lost, except data sent after `recent`.
  void lose_all(Instant recent, LossReason reason);
  /// Nothing was lost after all (undo).
  void forgive_losses();
  /// The peer may have dropped sacked data (RFC 2018 §8).
  void forget_sacks();
  /// The first bytes, at most `limit`, that are lost and not retransmitted yet.
  Lost next_lost(std::uint32_t limit);
  bool has_lost() const { return lost_ > resent_lost_; }
  /// The begin of the last segment. A FIN after `data_end` belongs to the data before it.
  StreamPos last_segment(StreamPos data_end) const;

  /// RFC 8985 §6.2 step 5: data is lost that was sent before `newest` and longer ago than `patience`. Returns how long
  /// until more data will be lost; zero: none can be.
  Duration lose_overtaken(const Delivery::Newest& newest, Duration patience, Instant now);

  std::size_t ranges() const { return ranges_.size() - head_; }
  /// Little memory is kept for later use.
  bool is_small() const { return ranges_.capacity() <= 64 && resent_log_.capacity() <= 64; }

 private:
  struct Range {
    StreamPos begin = 0;
    Instant sent_at{};
    std::uint32_t order = 0;  ///< of sending; data sent together has one
    std::uint8_t flags = 0;
    LossReason reason = LossReason::none;
  };
  struct Resent {
    StreamPos begin = 0, end = 0;
    Instant sent_at{};
    std::uint32_t order = 0;
  };
  static constexpr std::uint8_t kSacked = 1, kLost = 2, kResent = 4, kEverResent = 8;
  /// Sending makes no more ranges than this. SACK blocks make none when there are half as many, because each cuts a
  /// range out of the middle, and all ranges after it have to move.
  static constexpr std::size_t kMostRanges = 16384, kMostToCut = kMostRanges / 2;

  StreamPos end_of(std::size_t i) const { return i + 1 < ranges_.size() ? ranges_[i + 1].begin : end_; }
  std::uint32_t length_of(std::size_t i) const { return static_cast<std::uint32_t>(end_of(i) - ranges_[i].begin); }
  /// The range that has `pos`, which is in [begin, end).
  std::size_t find(StreamPos pos) const;
  bool split(std::size_t i, StreamPos pos);
  bool cut_out(std::size_t i, StreamPos from, StreamPos to);
  bool is_alike(const Range& a, const Range& b) const;
  void merge_around(std::size_t first, std::size_t last);
  void set_flags(std::size_t i, std::uint8_t flags);
  void lose_range(std::size_t i, LossReason reason);
  void deliver(std::size_t i, StreamPos end, bool selectively, Delivery& delivery) const;
  void drop_front();
  void shorten_front(StreamPos begin);
  static bool left_before(const Range& range, StreamPos end, const Delivery::Newest& newest);
  bool is_stale(const Resent& entry) const;
  Duration lose_originals(const Delivery::Newest& newest, Duration patience, Instant now);
  Duration lose_resent(const Delivery::Newest& newest, Duration patience, Instant now);

  std::vector<Range> ranges_;  ///< from head_ on, without gaps
  std::size_t head_ = 0;
  RingDeque<Resent> resent_log_;  ///< retransmissions in their order; some are settled since
  StreamPos begin_ = 0;
  StreamPos end_ = 0;
  StreamPos highest_sacked_ = 0;
  StreamPos lost_from_ = 0;    ///< before it nothing waits to be retransmitted
  StreamPos judged_from_ = 0;  ///< before it no range sent only once waits for a verdict
  std::uint32_t order_ = 0;    ///< of the data sent last
  std::uint32_t mss_ = 536;
  std::uint32_t sacked_ = 0;
  std::uint32_t lost_ = 0;
  std::uint32_t resent_ = 0;
  std::uint32_t resent_lost_ = 0;  ///< the part of `resent_` that also counts as lost
  std::uint64_t losses_ = 0;
};

}  // namespace leat
