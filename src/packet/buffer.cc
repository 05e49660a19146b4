#include "packet/buffer.h"

#include <cstring>
#include <limits>
#include <new>

namespace leat {

using packet_detail::Block;
using packet_detail::Loan;

BufferPool::~BufferPool() {
  LEAT_ASSERT(blocks_ == 0);
  trim_to(0);
}

Slice BufferPool::allocate(BufferClass c, std::size_t headroom, std::size_t size) {
  LEAT_ASSERT(headroom + size <= size_of(c));
  Block*& head = free_[static_cast<std::size_t>(c)];
  Block* block = head;
  if (block != nullptr) {
    head = block->next_free;
    kept_ -= size_of(c);
    --use_[static_cast<std::size_t>(c)].kept;
  } else {
    if (in_use_ + kept_ + size_of(c) > limit_) trim_to(0);
    if (in_use_ + size_of(c) > limit_) {
      ++refusals_;
      return {};
    }
    void* memory = ::operator new(sizeof(Block) + size_of(c), std::nothrow);
    if (memory == nullptr) {
      ++refusals_;
      return {};
    }
    block = new (memory) Block{this, {nullptr}, 0, c, false};
  }
  block->bytes = block->own();
  block->references = 1;
  in_use_ += size_of(c);
  ++blocks_;
  ++use_[static_cast<std::size_t>(c)].in_use;
  return {block, static_cast<std::uint32_t>(headroom), static_cast<std::uint32_t>(size)};
}

Slice BufferPool::copy_of(Bytes data, std::size_t headroom) {
  if (headroom + data.size() > kBufferSizes.back()) return {};
  Slice s = allocate(class_for(headroom + data.size()), headroom, data.size());
  if (s && !data.empty()) std::memcpy(s.mutable_bytes().data(), data.data(), data.size());
  return s;
}

Slice BufferPool::borrow(Bytes data) {
  static_assert(sizeof(Loan) <= size_of(BufferClass::header) && sizeof(Block) % alignof(Loan) == 0);
  LEAT_ASSERT(data.size() <= std::numeric_limits<std::uint32_t>::max());
  Slice slice = allocate(BufferClass::header, 0, 0);
  if (!slice) return {};
  Block* block = slice.block_;
  ::new (block->own()) Loan{data.size(), {}};
  block->bytes = const_cast<std::uint8_t*>(data.data());
  block->is_borrowed = true;
  slice.size_ = static_cast<std::uint32_t>(data.size());
  return slice;
}

void BufferPool::end_loan(Block* block) {
  Loan& loan = *reinterpret_cast<Loan*>(block->own());
  const Release release = loan.release;
  loan.~Loan();
  block->is_borrowed = false;
  give_back(block);
  if (release.call != nullptr) release.call(release.context);
}

void BufferPool::give_back(Block* block) {
  if (block->is_borrowed) return end_loan(block);
  const std::size_t size = size_of(block->buffer_class);
  in_use_ -= size;
  --blocks_;
  --use_[static_cast<std::size_t>(block->buffer_class)].in_use;
  if (kept_ + size > kKeepAtMost) return destroy(block);
  Block*& head = free_[static_cast<std::size_t>(block->buffer_class)];
  block->next_free = head;
  head = block;
  kept_ += size;
  ++use_[static_cast<std::size_t>(block->buffer_class)].kept;
}

MemoryInfo BufferPool::info() const {
  MemoryInfo info;
  info.buffers = use_;
  for (std::size_t c = 0; c < use_.size(); ++c) info.buffers[c].size = kBufferSizes[c];
  info.limit = limit_;
  info.refusals = refusals_;
  return info;
}

void BufferPool::destroy(Block* block) {
  block->~Block();
  ::operator delete(block);
}

void BufferPool::trim_to(std::size_t kept) {
  for (std::size_t c = free_.size(); c-- > 0;) {
    while (kept_ > kept && free_[c] != nullptr) {
      Block* block = free_[c];
      free_[c] = block->next_free;
      kept_ -= kBufferSizes[c];
      --use_[c].kept;
      destroy(block);
    }
  }
}

}  // namespace leat
