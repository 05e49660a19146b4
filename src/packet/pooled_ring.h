// PooledRing<T>: a queue indexed from its front, in one block of a BufferPool; it holds none while it is empty. So what
// a connection has waiting costs no allocation, and is bounded with all else that the pool gives.
//
// A push may be refused: when the pool has nothing left, or beyond kMost elements. References are invalidated by every
// push and insert.
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
  static constexpr std::size_t kMost = kBufferSizes.back() / sizeof(T);

  PooledRing() = default;
  PooledRing(PooledRing&& other) noexcept { swap(other); }
  PooledRing& operator=(PooledRing&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PooledRing() { clear(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  T& operator[](std::size_t i) { return *slot(i); }
  const T& operator[](std::size_t i) const { return *slot(i); }
  T& front() { return *slot(0); }
  const T& front() const { return *slot(0); }
  T& back() { return *slot(size_ - std::size_t{1}); }
  const T& back() const { return *slot(size_ - std::size_t{1}); }

  [[nodiscard]] bool push_back(T value, BufferPool& pool) {
    if (size_ == capacity_ && !grow(pool)) return false;
    std::construct_at(place(size_), std::move(value));
    ++size_;
    return true;
  }
  /// Puts `value` before element `i`; i == size() appends.
  [[nodiscard]] bool insert(std::size_t i, T value, BufferPool& pool) {
    LEAT_ASSERT(i <= size_);
    if (!push_back(std::move(value), pool)) return false;
    for (std::size_t k = size_ - std::size_t{1}; k > i; --k) std::swap((*this)[k], (*this)[k - 1]);
    return true;
  }
  void pop_front() {
    std::destroy_at(slot(0));
    if (++head_ == capacity_) head_ = 0;
    shrink();
  }
  void pop_back() {
    std::destroy_at(slot(size_ - std::size_t{1}));
    shrink();
  }
  void clear() {
    while (size_ > 0) pop_back();
  }
  void swap(PooledRing& other) noexcept {
    std::swap(room_, other.room_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  T* place(std::size_t i) const {
    const std::size_t at = head_ + i;
    return reinterpret_cast<T*>(room_.mutable_bytes().data()) + (at < capacity_ ? at : at - capacity_);
  }
  T* slot(std::size_t i) const {
    LEAT_ASSERT(i < size_);
    return place(i);
  }
  bool grow(BufferPool& pool) {
    const std::size_t wanted = room_ ? room_.capacity() + 1 : 1;
    if (wanted > kBufferSizes.back()) return false;
    PooledRing wider;
    wider.room_ = pool.allocate(class_for(wanted), 0, 0);
    if (!wider.room_) return false;
    wider.capacity_ = static_cast<std::uint16_t>(wider.room_.capacity() / sizeof(T));
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(wider.place(i), std::move(*place(i)));
      std::destroy_at(place(i));
    }
    std::swap(room_, wider.room_);
    capacity_ = wider.capacity_;
    head_ = 0;
    return true;
  }
  void shrink() {
    if (--size_ > 0) return;
    room_ = Slice();
    head_ = capacity_ = 0;
  }

  mutable Slice room_;  ///< its bytes are elements, and no part of the slice
  std::uint16_t head_ = 0, size_ = 0, capacity_ = 0;
};

}  // namespace leat
