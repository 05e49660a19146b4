// SendBuffer: the bytes between SND.UNA and the end of what the user wrote, as slices found by position.
// Written bytes are copied in once; segments refer to them and never copy.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "base/ring.h"
#include "packet/buffer.h"
#include "tcp/stream_pos.h"

namespace leat {

class SendBuffer {
 public:
  /// Position of the first byte kept, and one past the last.
  StreamPos begin() const { return begin_; }
  StreamPos end() const { return end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

  /// Copies as much of `data` as the pool gives memory for; returns how much. The end of it is one of a write's, unless
  /// there is `more` to come, until another write goes on in the same block.
  std::size_t append(Bytes data, BufferPool& pool, bool more = false);
  /// There is no more to come after all.
  void end_write() {
    if (!chunks_.empty()) chunks_.back().pushed = true;
  }
  /// Forgets everything before `pos`, which is in [begin(), end()].
  void release_before(StreamPos pos);
  void clear();

  struct Gathered {
    std::size_t slices = 0;
    std::size_t length = 0;
    bool ends_a_write = false;  ///< one ended in it: PSH (RFC 9293 §3.9.1.2)
  };
  /// Fills `out` with references to the bytes of [pos, pos + length); shorter when `out` has too few places.
  Gathered gather(StreamPos pos, std::size_t length, std::span<Slice> out) const;

 private:
  struct Chunk {
    StreamPos pos = 0;
    Slice slice;
    bool pushed = false;  ///< a write ended in it; as in Linux's queue this counts at its end
  };
  std::size_t find(StreamPos pos) const;

  RingDeque<Chunk> chunks_;
  StreamPos begin_ = 1;
  StreamPos end_ = 1;
};

}  // namespace leat
