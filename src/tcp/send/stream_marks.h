// StreamMarks: positions in a byte stream, sorted, at which something holds: a push (PSH) or the end of a record
// (MSG_EOR). They lie in the buffer pool, so that a connection without marks takes one pointer.
#pragma once

#include <cstddef>

#include "packet/pooled_ring.h"
#include "tcp/stream_pos.h"

namespace leat {

class StreamMarks {
 public:
  static constexpr std::size_t kMost = PooledRing<StreamPos>::kMost;

  bool empty() const { return marks_.empty(); }
  std::size_t size() const { return marks_.size(); }

  /// The first mark behind `pos`, or `otherwise`.
  StreamPos first_after(StreamPos pos, StreamPos otherwise) const {
    const std::size_t i = index_after(pos);
    return i < marks_.size() ? marks_[i] : otherwise;
  }
  /// Adds a mark, once. Does nothing when there is no memory or there are kMost marks.
  void add(StreamPos pos, BufferPool& pool) {
    const std::size_t i = index_after(pos);
    if (i > 0 && marks_[i - 1] == pos) return;
    [[maybe_unused]] const bool added = marks_.insert(i, pos, pool);
  }
  /// Takes the last mark away if it is at `pos`.
  void remove_last(StreamPos pos) {
    if (!marks_.empty() && marks_.back() == pos) marks_.pop_back();
  }
  void remove_until(StreamPos pos) {
    while (!marks_.empty() && marks_.front() <= pos) marks_.pop_front();
  }
  void clear() { marks_.clear(); }

 private:
  std::size_t index_after(StreamPos pos) const {
    std::size_t low = 0, high = marks_.size();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (marks_[middle] <= pos) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  PooledRing<StreamPos> marks_;
};

}  // namespace leat
