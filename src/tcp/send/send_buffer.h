// SendBuffer: the bytes from SND.UNA to the end of the user's data, as slices found by position. Written bytes are
// copied in once. Segments refer to them and never copy.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "packet/buffer.h"
#include "packet/pooled_ring.h"
#include "tcp/send/stream_marks.h"
#include "tcp/stream_pos.h"

namespace leat {

class SendBuffer {
 public:
  /// The position of the first byte kept, and one past the last.
  StreamPos begin() const { return begin_; }
  StreamPos end() const { return end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

  /// Copies as much of `data` as the pool has memory for. Returns how much.
  std::size_t append(Bytes data, BufferPool& pool);
  /// Adds the slice itself. False when the pool has no memory for that.
  bool append(Slice slice, BufferPool& pool);
  /// Room after the last byte: up to `wanted` bytes, and at least `least` while the pool has memory. Bytes written
  /// there count after extend(), which must be the next call. Empty without memory.
  MutableBytes room(std::size_t wanted, std::size_t least, BufferPool& pool);
  /// The size of room(), until the buffer changes otherwise.
  std::size_t prepared() const { return prepared_; }
  /// The first `n` <= prepared() bytes of room() are written.
  void extend(std::size_t n);
  /// No more slices fit in, whatever memory the pool has.
  bool is_full_of_slices() const { return chunks_.size() >= PooledRing<Chunk>::kMost; }
  /// There are so many marks that marks within a write are left out.
  bool is_full_of_marks() const { return pushes_.size() >= StreamMarks::kMost / 2; }
  /// The segment that has the byte before `pos` carries PSH each time that it is sent. Without memory for the mark it
  /// does not.
  void mark_push(StreamPos pos);
  /// Removes the last mark if it is at `pos`.
  void unmark_push(StreamPos pos) { pushes_.remove_last(pos); }
  /// A record ends with the last byte: no segment has bytes of two records. Without memory for the mark there is none.
  void end_record();
  /// The end of the record that has the byte at `pos`, or of all data.
  StreamPos record_end(StreamPos pos) const { return records_.first_after(pos, end_); }
  bool ends_record(StreamPos pos) const { return pos > begin_ && records_.first_after(pos - 1, pos + 1) == pos; }
  /// Forgets everything before `pos`, which is in [begin(), end()].
  void release_before(StreamPos pos);
  void clear();
  /// The buffer is empty and begins at `pos`.
  void start(StreamPos pos) {
    LEAT_ASSERT(chunks_.empty());
    begin_ = end_ = pos;
  }

  struct Gathered {
    std::size_t slices = 0;
    std::size_t length = 0;
    bool pushed = false;  ///< a mark lies in it
  };
  /// Fills `out` with references to the bytes of [pos, pos + length); shorter when `out` has too few places.
  Gathered gather(StreamPos pos, std::size_t length, std::span<Slice> out) const;

 private:
  struct Chunk {
    StreamPos pos = 0;
    Slice slice;
  };
  std::size_t find(StreamPos pos) const;

  PooledRing<Chunk> chunks_;
  StreamMarks pushes_;
  StreamMarks records_;
  StreamPos begin_ = 1;
  StreamPos end_ = 1;
  std::size_t prepared_ = 0;
};

}  // namespace leat
