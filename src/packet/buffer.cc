#include "packet/buffer.h"

#include <cstring>
#include <new>

namespace leat {

using packet_detail::Block;

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
    block = new (memory) Block{this, nullptr, 0, c};
  }
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

void BufferPool::give_back(Block* block) {
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
