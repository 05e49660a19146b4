// Buffers and slices: the memory of frames and streams.
//
// A BufferPool gives out blocks of four sizes and keeps returned blocks for reuse. At its byte limit it refuses with an
// empty Slice. A Slice is a counted reference to a part of one block. A block can refer to borrowed memory instead of
// its own (borrow), which the pool releases with the last slice. The counts are plain integers, so a pool and its
// slices belong to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "leat/statistics.h"

namespace leat {

class BufferPool;

/// The sizes of blocks: for headers, for one Ethernet frame, a medium size, and for a 64 kB super-segment.
enum class BufferClass : std::uint8_t { header, frame, medium, super };
inline constexpr std::array<std::uint32_t, 4> kBufferSizes{256, 2048, 16384, 65536};

constexpr std::uint32_t size_of(BufferClass c) { return kBufferSizes[static_cast<std::size_t>(c)]; }

/// The smallest class that holds `bytes`, or the largest class if none does.
constexpr BufferClass class_for(std::size_t bytes) {
  for (std::size_t i = 0; i + 1 < kBufferSizes.size(); ++i) {
    if (bytes <= kBufferSizes[i]) return static_cast<BufferClass>(i);
  }
  return BufferClass::super;
}

/// Callback, invoked once, when borrowed memory is no longer referenced. It must not call into the pool, the Stack or
/// anything built on them.
struct Release {
  void (*call)(void* context) = nullptr;
  void* context = nullptr;
};

namespace packet_detail {
struct Block {
  BufferPool* pool;
  union {
    std::uint8_t* bytes;  ///< while in use: its own bytes, which follow it, or borrowed bytes
    Block* next_free;
  };
  std::uint32_t references;
  BufferClass buffer_class;
  bool is_borrowed;
  std::uint8_t* own() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  std::uint8_t* data() { return bytes; }
};
/// The record of a loan, in the own bytes of a block that borrows.
struct Loan {
  std::size_t size;
  Release release;
};
}  // namespace packet_detail

/// A counted reference to [offset, offset + size) of a block. A copy shares the bytes.
class Slice {
 public:
  Slice() = default;
  Slice(const Slice& other) : block_(other.block_), offset_(other.offset_), size_(other.size_) {
    if (block_ != nullptr) ++block_->references;
  }
  Slice(Slice&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), offset_(other.offset_), size_(std::exchange(other.size_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(block_, other.block_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Slice() { release(); }

  explicit operator bool() const { return block_ != nullptr; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::uint8_t* data() const { return block_ == nullptr ? nullptr : block_->data() + offset_; }
  Bytes bytes() const { return {data(), size_}; }
  /// The bytes for writing. The caller must know that no other slice reads them (see is_unique).
  MutableBytes mutable_bytes() { return {block_ == nullptr ? nullptr : block_->data() + offset_, size_}; }

  bool is_unique() const { return block_ != nullptr && block_->references == 1; }
  /// Free bytes of the block in front of the slice and behind it. Borrowed memory has none.
  std::size_t headroom() const { return is_borrowed() ? 0 : offset_; }
  std::size_t tailroom() const { return block_ == nullptr || is_borrowed() ? 0 : capacity() - offset_ - size_; }
  /// The pool of the block; nullptr if the slice is empty().
  BufferPool* pool() const { return block_ == nullptr ? nullptr : block_->pool; }
  /// The size of the whole block, which this slice keeps in use.
  std::size_t capacity() const {
    if (block_ == nullptr) return 0;
    return block_->is_borrowed ? loan().size : size_of(block_->buffer_class);
  }
  /// The bytes that this slice is charged for: those of its block, or of the borrowed memory.
  std::size_t weight() const { return is_borrowed() ? size_ : capacity(); }
  /// True if the memory is borrowed. It must not be written.
  bool is_borrowed() const { return block_ != nullptr && block_->is_borrowed; }

  void remove_front(std::size_t n) {
    LEAT_ASSERT(n <= size_);
    offset_ += static_cast<std::uint32_t>(n);
    size_ -= static_cast<std::uint32_t>(n);
  }
  void truncate(std::size_t size) {
    LEAT_ASSERT(size <= size_);
    size_ = static_cast<std::uint32_t>(size);
  }
  void extend_front(std::size_t n) {
    LEAT_ASSERT(n <= headroom());
    offset_ -= static_cast<std::uint32_t>(n);
    size_ += static_cast<std::uint32_t>(n);
  }
  void extend_back(std::size_t n) {
    LEAT_ASSERT(n <= tailroom());
    size_ += static_cast<std::uint32_t>(n);
  }
  /// True if the bytes of `other` follow the bytes of this slice in the same block.
  bool is_followed_by(const Slice& other) const {
    return block_ != nullptr && block_ == other.block_ && offset_ + size_ == other.offset_;
  }
  /// Gives up the reference without releasing it. A later adopt() takes it back, for the whole block.
  packet_detail::Block* detach() { return std::exchange(block_, nullptr); }
  static Slice adopt(packet_detail::Block* block) { return {block, 0, 0}; }
  /// A slice of borrowed memory. The destructor of the last slice that refers to it calls `release`.
  void when_released(Release release) { loan().release = release; }
  /// A slice of `length` bytes that begins at `from`.
  Slice part(std::size_t from, std::size_t length) const {
    Slice s(*this);
    s.remove_front(from);
    s.truncate(length);
    return s;
  }

 private:
  friend class BufferPool;
  Slice(packet_detail::Block* block, std::uint32_t offset, std::uint32_t size)
      : block_(block), offset_(offset), size_(size) {}
  inline void release();
  packet_detail::Loan& loan() const { return *reinterpret_cast<packet_detail::Loan*>(block_->own()); }

  packet_detail::Block* block_ = nullptr;
  std::uint32_t offset_ = 0;
  std::uint32_t size_ = 0;
};

class BufferPool {
 public:
  /// `limit` is the most bytes of all blocks, in use and kept.
  explicit BufferPool(std::size_t limit = kDefaultLimit) : limit_(limit) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  /// All slices must be gone.
  ~BufferPool();

  /// A slice of `size` undefined bytes, `headroom` bytes behind the start of a new block. Empty if the limit is
  /// reached. headroom + size must not exceed size_of(c).
  Slice allocate(BufferClass c, std::size_t headroom, std::size_t size);
  /// A slice with a copy of `data`, which must fit into the largest block. Empty if the limit is reached.
  Slice copy_of(Bytes data, std::size_t headroom = 0);
  /// A slice that refers to `data` itself, less than 4 GiB. The data must not change while a slice refers to it. Empty
  /// if the limit is reached.
  Slice borrow(Bytes data);

  /// Bytes of the blocks in use. Whole blocks count.
  std::size_t bytes_in_use() const { return in_use_; }
  /// Number of blocks in use; 0 when all slices are gone.
  std::size_t blocks_in_use() const { return blocks_; }
  std::size_t bytes_kept() const { return kept_; }
  std::uint64_t refusals() const { return refusals_; }
  /// Memory pressure: optional growth should stop (Linux: tcp_mem[1]).
  bool is_short() const { return in_use_ > limit_ / 2; }
  /// Bytes that each direction of a stream may hold at any pressure, so that it makes progress (Linux: tcp_rmem[0] and
  /// tcp_wmem[0]).
  static constexpr std::size_t kLeastOfAStream = 4096;
  /// The last reserve is reached. It serves packets in flight and the minimum of each stream; nothing else may hold
  /// memory (Linux: tcp_mem[2]).
  bool is_scarce() const { return in_use_ > limit_ / 4 * 3; }
  /// The fields of MemoryInfo about buffers.
  MemoryInfo info() const;

  static constexpr std::size_t kDefaultLimit = std::size_t{256} << 20;

 private:
  friend class Slice;
  void give_back(packet_detail::Block* block);
  void end_loan(packet_detail::Block* block);
  static void destroy(packet_detail::Block* block);
  void trim_to(std::size_t kept);

  static constexpr std::size_t kKeepAtMost = std::size_t{4} << 20;
  std::array<packet_detail::Block*, kBufferSizes.size()> free_{};
  std::size_t limit_;
  std::size_t in_use_ = 0, kept_ = 0, blocks_ = 0;
  std::uint64_t refusals_ = 0;
  std::array<BufferUse, kBufferSizes.size()> use_{};
};

inline void Slice::release() {
  if (block_ != nullptr && --block_->references == 0) block_->pool->give_back(block_);
  block_ = nullptr;
}

}  // namespace leat
