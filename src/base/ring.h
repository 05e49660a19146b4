// RingDeque<T>: a growable queue in one block of memory, indexed from its front.
//
// An empty queue owns no memory, so an idle connection pays 24 bytes for each. With kKeepsRoom a queue keeps its
// memory, which suits queues of a whole stack: traffic then allocates nothing. Push and pop at either end take
// amortised O(1). Insert and erase in the middle move the shorter side. Each push, insert and erase invalidates
// references. PooledRing (packet/pooled_ring.h) is a queue in blocks of a pool.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace leat {

template <class T, bool kKeepsRoom = false>
class RingDeque {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);

 public:
  RingDeque() = default;
  RingDeque(RingDeque&& other) noexcept { swap(other); }
  RingDeque& operator=(RingDeque&& other) noexcept {
    if (this != &other) {
      clear();
      swap(other);
    }
    return *this;
  }
  ~RingDeque() {
    clear();
    release();
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The number of elements that fit into the present memory. It is 0 while the queue is empty, unless kKeepsRoom.
  std::size_t capacity() const { return capacity_; }

  T& operator[](std::size_t i) { return *slot(i); }
  const T& operator[](std::size_t i) const { return *slot(i); }
  T& front() { return *slot(0); }
  const T& front() const { return *slot(0); }
  T& back() { return *slot(size_ - std::size_t{1}); }
  const T& back() const { return *slot(size_ - std::size_t{1}); }

  // The parameter is a value, because an element of this queue may be pushed.
  void push_back(T value) {
    grow_when_full();
    std::construct_at(place(size_), std::move(value));
    ++size_;
  }
  void push_front(T value) {
    grow_when_full();
    head_ = (head_ - 1) & (capacity_ - 1);
    std::construct_at(place(0), std::move(value));
    ++size_;
  }
  T pop_front() {
    T value = std::move(front());
    drop_front();
    return value;
  }
  T pop_back() {
    T value = std::move(back());
    drop_back();
    return value;
  }

  /// Inserts `value` before element `i`; i == size() appends.
  void insert(std::size_t i, T value) {
    LEAT_ASSERT(i <= size_);
    if (i < size_ / 2) {
      push_front(std::move(value));
      for (std::size_t k = 0; k < i; ++k) std::swap((*this)[k], (*this)[k + 1]);
    } else {
      push_back(std::move(value));
      for (std::size_t k = size_ - std::size_t{1}; k > i; --k) std::swap((*this)[k], (*this)[k - 1]);
    }
  }
  /// Removes `count` elements, beginning with `first`.
  void erase(std::size_t first, std::size_t count = 1) {
    LEAT_ASSERT(first <= size_ && count <= size_ - first);
    if (count == 0) return;  // otherwise elements would be moved onto themselves
    const std::size_t after = size_ - first - count;
    if (first < after) {
      for (std::size_t k = first; k > 0; --k) (*this)[k - 1 + count] = std::move((*this)[k - 1]);
      for (; count > 0; --count) drop_front();
    } else {
      for (std::size_t k = 0; k < after; ++k) (*this)[first + k] = std::move((*this)[first + count + k]);
      for (; count > 0; --count) drop_back();
    }
  }
  void clear() {
    while (size_ > 0) drop_back();
  }
  void swap(RingDeque& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(head_, other.head_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  static constexpr std::uint32_t kFirstCapacity = 4;

  T* place(std::size_t i) const { return slots_ + ((head_ + i) & (capacity_ - std::size_t{1})); }
  T* slot(std::size_t i) const {
    LEAT_ASSERT(i < size_);
    return place(i);
  }
  void grow_when_full() {
    if (size_ < capacity_) return;
    LEAT_ASSERT(capacity_ < std::uint32_t{1} << 31);
    const std::uint32_t wider = std::max(kFirstCapacity, capacity_ * 2);
    T* fresh = std::allocator<T>().allocate(wider);
    for (std::size_t i = 0; i < size_; ++i) {
      std::construct_at(fresh + i, std::move(*place(i)));
      std::destroy_at(place(i));
    }
    release();
    slots_ = fresh;
    capacity_ = wider;
  }
  void drop_front() {
    std::destroy_at(slot(0));
    head_ = (head_ + 1) & (capacity_ - 1);
    if (--size_ == 0 && !kKeepsRoom) release();
  }
  void drop_back() {
    std::destroy_at(slot(size_ - std::size_t{1}));
    if (--size_ == 0 && !kKeepsRoom) release();
  }
  void release() {
    if (slots_ != nullptr) std::allocator<T>().deallocate(slots_, capacity_);
    slots_ = nullptr;
    head_ = capacity_ = 0;
  }

  T* slots_ = nullptr;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;  // 0 or a power of two
};

}  // namespace leat
