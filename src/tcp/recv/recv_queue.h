// RecvQueue: in-order bytes that the user has not read yet. Keeps the slices that arrived; payloads that
// would hold a much larger block are copied together instead.
#pragma once

#include <cstddef>

#include "base/ring.h"
#include "packet/buffer.h"

namespace leat {

/// True when keeping `slice` would hold more than four times its bytes.
inline bool wastes_its_block(const Slice& slice) { return slice.size() * 4 < slice.capacity(); }

class RecvQueue {
 public:
  std::size_t size() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }

  /// Adds a slice; false when it had to be copied and the pool refused (nothing is added then).
  bool push(Slice slice, BufferPool& pool);
  /// Copies out and forgets up to out.size() bytes.
  std::size_t read(MutableBytes out);
  /// Copies out what begins `offset` bytes further on, and forgets nothing.
  std::size_t peek(std::size_t offset, MutableBytes out) const;
  void clear();

 private:
  bool copy_together(const Slice& slice, BufferPool& pool);

  RingDeque<Slice> slices_;
  std::size_t bytes_ = 0;
  bool tail_is_ours_ = false;  ///< the last slice is a copy of ours that may be appended to
};

}  // namespace leat
