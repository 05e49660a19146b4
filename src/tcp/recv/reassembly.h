// Reassembly: data that arrived ahead of RCV.NXT, sorted, without overlaps, and the SACK blocks that tell the
// sender about it (RFC 2018 §4: the block with the newest data first, then the most recently reported ones; RFC 2883
// §4: what came twice before all).
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "base/ring.h"
#include "packet/buffer.h"
#include "tcp/stream_pos.h"

namespace leat {

class Reassembly {
 public:
  struct Range {
    StreamPos begin = 0, end = 0;
    bool empty() const { return begin == end; }
    bool touches(const Range& other) const { return begin <= other.end && other.begin <= end; }
    bool operator==(const Range&) const = default;
  };

  /// Bounds the pieces kept, so that tiny segments cannot make insertion slow.
  static constexpr std::size_t kMaxPieces = 4096;
  /// So much memory may be held however small the window is.
  static constexpr std::size_t kLeastMemory = std::size_t{64} << 10;

  bool empty() const { return pieces_.empty(); }
  std::size_t bytes() const { return bytes_; }
  /// What is held for them: whole blocks.
  std::size_t memory() const { return memory_; }
  std::size_t pieces() const { return pieces_.size(); }
  /// Nothing is kept, and nothing is to be told.
  bool is_spent() const { return pieces_.empty() && duplicate_.empty(); }

  enum class Outcome { queued, duplicate, refused };
  /// Queues the slice at `pos`, in place of what lies within it; bytes that are queued around it are left out.
  /// refused: too many pieces, or blocks of more than `most_memory` would be held.
  Outcome insert(StreamPos pos, Slice slice, BufferPool& pool,
                 std::size_t most_memory = std::numeric_limits<std::size_t>::max());

  /// The next piece when it begins at or before `rcv_nxt`, cut to begin exactly there; pieces that lie
  /// wholly before it are forgotten. What of them lies before it has come twice.
  std::optional<Slice> pop_at(StreamPos rcv_nxt);

  /// Up to four ranges above `rcv_nxt`, the newest first.
  std::span<const Range> sack_blocks() const { return {recent_.data(), recent_count_}; }
  /// Drops ranges that RCV.NXT has reached.
  void forget_blocks_before(StreamPos rcv_nxt);

  /// `range` has come twice. One range is kept until it is taken: what touches it makes it longer, of the rest nobody
  /// is told, since an ACK reports one (RFC 2883 §4).
  void add_duplicate(Range range);
  bool has_duplicate() const { return !duplicate_.empty(); }
  Range take_duplicate() { return std::exchange(duplicate_, Range{}); }

  void clear();

 private:
  struct Piece {
    StreamPos pos = 0;
    Slice slice;
    StreamPos end() const { return pos + static_cast<StreamPos>(slice.size()); }
  };
  std::size_t first_ending_after(StreamPos pos) const;
  /// Pieces that a slice covers whole.
  struct Run {
    std::size_t begin = 0, end = 0;
    std::size_t bytes = 0, memory = 0;
  };
  bool make_room(Slice& slice, const Run& run, BufferPool& pool, std::size_t most_memory) const;
  void put_in_place_of(const Run& run, Piece piece);
  void remember(Range range);

  RingDeque<Piece> pieces_;
  std::size_t bytes_ = 0;
  std::size_t memory_ = 0;
  std::array<Range, 4> recent_{};
  std::size_t recent_count_ = 0;
  Range duplicate_;
};

}  // namespace leat
