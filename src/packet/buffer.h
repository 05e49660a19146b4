// Buffers and slices: the memory that frames and streams live in.
//
// A BufferPool hands out blocks of four sizes, keeps returned ones for reuse up to a limit, and refuses
// (an empty Slice) when its byte limit is reached. A Slice is a counted reference to a part of one block. Memory of
// somebody else's can stand in for a block's own (borrow), until nobody refers to it any more.
// The counts are plain integers: a pool and everything taken from it belong to one thread.
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

/// The sizes of blocks: headers alone, one Ethernet frame, a middle size, and a 64 kB super-segment.
enum class BufferClass : std::uint8_t { header, frame, medium, super };
inline constexpr std::array<std::uint32_t, 4> kBufferSizes{256, 2048, 16384, 65536};

constexpr std::uint32_t size_of(BufferClass c) { return kBufferSizes[static_cast<std::size_t>(c)]; }

/// The smallest class that holds `bytes`, or the largest when none does.
constexpr BufferClass class_for(std::size_t bytes) {
  for (std::size_t i = 0; i + 1 < kBufferSizes.size(); ++i) {
    if (bytes <= kBufferSizes[i]) return static_cast<BufferClass>(i);
  }
  return BufferClass::super;
}

/// Who is told, once, that borrowed bytes are free again, by a call that must not use the pool or what stands on it.
struct Release {
  void (*call)(void* context) = nullptr;
  void* context = nullptr;
};

namespace packet_detail {
struct Block {
  BufferPool* pool;
  union {
    std::uint8_t* bytes;  ///< while in use: its own, which follow it, or borrowed ones
    Block* next_free;
  };
  std::uint32_t references;
  BufferClass buffer_class;
  bool is_borrowed;
  std::uint8_t* own() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  std::uint8_t* data() { return bytes; }
};
/// In the own bytes of a block whose bytes are borrowed.
struct Loan {
  std::size_t size;
  Release release;
};
}  // namespace packet_detail

/// A counted reference to [offset, offset + size) of a block. Copying shares the bytes.
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
  /// Writable view; the caller knows that nobody else reads these bytes (see is_unique).
  MutableBytes mutable_bytes() { return {block_ == nullptr ? nullptr : block_->data() + offset_, size_}; }

  bool is_unique() const { return block_ != nullptr && block_->references == 1; }
  /// Bytes of the block around these, to grow into; borrowed ones have none.
  std::size_t headroom() const { return is_borrowed() ? 0 : offset_; }
  std::size_t tailroom() const { return block_ == nullptr || is_borrowed() ? 0 : capacity() - offset_ - size_; }
  /// Where it came from; none when it is empty().
  BufferPool* pool() const { return block_ == nullptr ? nullptr : block_->pool; }
  /// The size of the whole block: what this slice keeps from being reused.
  std::size_t capacity() const {
    if (block_ == nullptr) return 0;
    return block_->is_borrowed ? loan().size : size_of(block_->buffer_class);
  }
  /// Bytes of the pool, or else of what is borrowed, that this slice holds.
  std::size_t weight() const { return is_borrowed() ? size_ : capacity(); }
  /// Its bytes are somebody else's, and nobody may write there.
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
  /// True when the bytes of `other` come right behind these in the same block.
  bool is_followed_by(const Slice& other) const {
    return block_ != nullptr && block_ == other.block_ && offset_ + size_ == other.offset_;
  }
  /// Gives the reference up to who calls adopt() later, and has no use for a part of the block meanwhile.
  packet_detail::Block* detach() { return std::exchange(block_, nullptr); }
  static Slice adopt(packet_detail::Block* block) { return {block, 0, 0}; }
  /// Of borrowed bytes: `release` is called by whoever lets the last slice go that refers to them.
  void when_released(Release release) { loan().release = release; }
  /// A reference to `length` bytes from `from` on.
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
  /// `limit` bounds the bytes of blocks in use and kept together.
  explicit BufferPool(std::size_t limit = kDefaultLimit) : limit_(limit) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  /// Every slice must be gone by now.
  ~BufferPool();

  /// A slice of `size` bytes that starts `headroom` bytes into a fresh block, its content undefined;
  /// an empty one when the limit is reached. headroom + size <= size_of(c).
  Slice allocate(BufferClass c, std::size_t headroom, std::size_t size);
  /// A slice that holds a copy of `data` (at most a super block), or an empty one.
  Slice copy_of(Bytes data, std::size_t headroom = 0);
  /// A slice that refers to `data` itself, less than 4 GiB, which stays as it is while any slice refers to it; empty
  /// when there is no memory for that.
  Slice borrow(Bytes data);

  /// Bytes of the blocks that slices refer to now, whole blocks counted.
  std::size_t bytes_in_use() const { return in_use_; }
  /// Blocks that slices refer to now; 0 after everything was given back.
  std::size_t blocks_in_use() const { return blocks_; }
  std::size_t bytes_kept() const { return kept_; }
  std::uint64_t refusals() const { return refusals_; }
  /// Little is left: what could do with less should (Linux: the second of tcp_mem).
  bool is_short() const { return in_use_ > limit_ / 2; }
  /// Bytes that each direction of a stream may hold however little is left, so that it goes on (Linux: the first of
  /// tcp_rmem and tcp_wmem).
  static constexpr std::size_t kLeastOfAStream = 4096;
  /// So little that it is kept for packets on their way, and for the least of each stream: nothing else may be held
  /// (the third of tcp_mem).
  bool is_scarce() const { return in_use_ > limit_ / 4 * 3; }
  /// The part of MemoryInfo that is about buffers.
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
