// SendBuffer: the bytes between SND.UNA and the end of what the user wrote, as slices found by position.
// Written bytes are copied in once; segments refer to them and never copy.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "packet/buffer.h"
#include "packet/pooled_ring.h"
#include "tcp/stream_pos.h"

namespace leat {

class SendBuffer {
 public:
  /// Position of the first byte kept, and one past the last.
  StreamPos begin() const { return begin_; }
  StreamPos end() const { return end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

  /// Copies as much of `data` as the pool gives memory for; returns how much.
  std::size_t append(Bytes data, BufferPool& pool);
  /// Adds the slice itself; false when there is no memory for that.
  bool append(Slice slice, BufferPool& pool);
  /// Room behind the last byte, up to `wanted` bytes of it and, where there is as much memory, at least `least`; what
  /// is written there counts once extend() was called, before anything else is. None without memory.
  MutableBytes room(std::size_t wanted, std::size_t least, BufferPool& pool);
  /// Bytes of it, until something else happens to the buffer.
  std::size_t prepared() const { return prepared_; }
  /// Of room(), the first `n` <= prepared() bytes are there.
  void extend(std::size_t n);
  /// No more slices fit in, however much memory there is.
  bool is_full_of_slices() const { return chunks_.size() >= PooledRing<Chunk>::kMost; }
  /// So many marks that those within a write are left out.
  bool is_full_of_marks() const { return pushes_.size() >= PooledRing<StreamPos>::kMost / 2; }
  /// The segment that ends with the byte in front of `pos`, or has it inside, is pushed, each time that it is sent.
  /// Without memory for the mark it is not.
  void mark_push(StreamPos pos);
  /// Takes back the last mark if it is there.
  void unmark_push(StreamPos pos);
  /// Forgets everything before `pos`, which is in [begin(), end()].
  void release_before(StreamPos pos);
  void clear();
  /// Begins at `pos`; it is empty.
  void start(StreamPos pos) {
    LEAT_ASSERT(chunks_.empty());
    begin_ = end_ = pos;
  }

  struct Gathered {
    std::size_t slices = 0;
    std::size_t length = 0;
    bool pushed = false;  ///< there is a mark in it
  };
  /// Fills `out` with references to the bytes of [pos, pos + length); shorter when `out` has too few places.
  Gathered gather(StreamPos pos, std::size_t length, std::span<Slice> out) const;

 private:
  struct Chunk {
    StreamPos pos = 0;
    Slice slice;
  };
  std::size_t find(StreamPos pos) const;
  std::size_t first_push_after(StreamPos pos) const;

  PooledRing<Chunk> chunks_;
  PooledRing<StreamPos> pushes_;
  StreamPos begin_ = 1;
  StreamPos end_ = 1;
  std::size_t prepared_ = 0;
};

}  // namespace leat
