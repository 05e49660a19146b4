// PooledRing<T>: a queue in one block of a BufferPool, indexed from its front. An empty queue holds no block. The
// queues of a connection thus need no allocation and count against the limit of the pool.
//
// A push fails if the pool has no block left, or beyond kMost elements. Each push and insert invalidates references.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "packet/buffer.h"

namespace leat {

template <class T>
class PooledRing {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);
  static_assert(alignof(T) <= alignof(packet_detail::Block) && sizeof(T) >= 2);

 public:
  static constexpr std::size_t kHeadSize = 8;  ///< bytes of the block in front of the elements
  static constexpr std::size_t kMost = (kBufferSizes.back() - kHeadSize) / sizeof(T);

  PooledRing() = default;
  PooledRing(PooledRing&& other) noexcept { swap(other); }
  PooledRing& operator=(PooledRing&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PooledRing() { clear(); }

  std::size_t size() const { return block_ == nullptr ? 0 : head().size; }
  bool empty() const { return size() == 0; }

  T& operator[](std::size_t i) { return *slot(i); }
  const T& operator[](std::size_t i) const { return *slot(i); }
  T& front() { return *slot(0); }
  const T& front() const { return *slot(0); }
  T& back() { return *slot(size() - std::size_t{1}); }
  const T& back() const { return *slot(size() - std::size_t{1}); }

  [[nodiscard]] bool push_back(T value, BufferPool& pool) {
    if ((block_ == nullptr || head().size == head().capacity) && !grow(pool)) return false;
    std::construct_at(place(head().size), std::move(value));
    ++head().size;
    return true;
  }
  /// Inserts `value` before element `i`; i == size() appends.
  [[nodiscard]] bool insert(std::size_t i, T value, BufferPool& pool) {
    LEAT_ASSERT(i <= size());
    if (!push_back(std::move(value), pool)) return false;
    for (std::size_t k = size() - std::size_t{1}; k > i; --k) std::swap((*this)[k], (*this)[k - 1]);
    return true;
  }
  void pop_front() {
    std::destroy_at(slot(0));
    if (++head().first == head().capacity) head().first = 0;
    shrink();
  }
  void pop_back() {
    std::destroy_at(slot(size() - std::size_t{1}));
    shrink();
  }
  void clear() {
    while (!empty()) pop_back();
  }
  void swap(PooledRing& other) noexcept { std::swap(block_, other.block_); }

 private:
  /// The beginning of the block. The elements follow.
  struct Head {
    std::uint16_t first = 0, size = 0, capacity = 0;
  };
  static_assert(sizeof(Head) <= kHeadSize);

  Head& head() const { return *reinterpret_cast<Head*>(block_->data()); }
  T* place(std::size_t i) const {
    const std::size_t at = head().first + i, capacity = head().capacity;
    return reinterpret_cast<T*>(block_->data() + kHeadSize) + (at < capacity ? at : at - capacity);
  }
  T* slot(std::size_t i) const {
    LEAT_ASSERT(i < size());
    return place(i);
  }
  bool grow(BufferPool& pool) {
    const std::size_t wanted = block_ == nullptr ? 1 : size_of(block_->buffer_class) + std::size_t{1};
    if (wanted > kBufferSizes.back()) return false;
    Slice room = pool.allocate(class_for(wanted), 0, 0);
    if (!room) return false;
    PooledRing wider;
    wider.block_ = room.detach();
    Head* head_of_wider = std::construct_at(&wider.head());
    head_of_wider->capacity = static_cast<std::uint16_t>((size_of(wider.block_->buffer_class) - kHeadSize) / sizeof(T));
    for (; size() > head_of_wider->size; ++head_of_wider->size) {
      std::construct_at(wider.place(head_of_wider->size), std::move(*place(head_of_wider->size)));
    }
    swap(wider);
    return true;
  }
  void shrink() {
    if (--head().size > 0) return;
    static_cast<void>(Slice::adopt(std::exchange(block_, nullptr)));
  }

  packet_detail::Block* block_ = nullptr;
};

}  // namespace leat
