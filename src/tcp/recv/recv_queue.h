// RecvQueue: in-order bytes that the user has not read yet. Keeps the slices that arrived; payloads that
// would hold a much larger block are copied together instead, and so are those of a reader who is far behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/buffer.h"
#include "packet/pooled_ring.h"

namespace leat {

/// True when keeping `slice` would hold more than four times its bytes.
inline bool wastes_its_block(const Slice& slice) { return slice.size() * 4 < slice.capacity(); }

class RecvQueue {
 public:
  std::size_t size() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }

  /// Adds a slice; false when the pool refused what that takes (nothing is added then).
  bool push(Slice slice, BufferPool& pool);
  /// Copies out and forgets up to out.size() bytes.
  std::size_t read(MutableBytes out);
  /// Where up to `limit` bytes are, from the front on, in as many pieces as `out` takes; returns how many those are.
  std::size_t view(std::span<Bytes> out, std::size_t limit) const;
  /// Forgets the first `n` <= size() bytes.
  void consume(std::size_t n);
  /// Copies out what begins `offset` bytes further on, and forgets nothing.
  std::size_t peek(std::size_t offset, MutableBytes out) const;
  void clear();

 private:
  /// So many slices that the rest of the places is for large ones.
  bool is_long() const { return slices_.size() >= PooledRing<Slice>::kMost / 2; }
  bool copy_together(const Slice& slice, BufferPool& pool);

  PooledRing<Slice> slices_;
  std::uint32_t bytes_ = 0;
  bool tail_is_ours_ = false;  ///< the last slice is a copy of ours that may be appended to
};

}  // namespace leat
