// A doubly linked list whose links are members of the elements. It allocates nothing and removes any element in O(1).
#pragma once

#include "base/assert.h"

namespace leat {

/// Base class of an element. An element on several lists has one base for each, which Tag distinguishes.
/// An element unlinks itself when it is destroyed.
template <class Tag>
class ListLink {
 public:
  ListLink() = default;
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;
  ~ListLink() { unlink(); }

  bool is_linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 private:
  template <class T, class U>
  friend class IntrusiveList;
  ListLink* prev_ = nullptr;
  ListLink* next_ = nullptr;
};

/// A FIFO of T, which derives from ListLink<Tag>. The list does not own its elements.
template <class T, class Tag>
class IntrusiveList {
 public:
  IntrusiveList() { head_.prev_ = head_.next_ = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (pop_front() != nullptr) {
    }
    head_.prev_ = head_.next_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }
  T* front() { return empty() ? nullptr : element(head_.next_); }
  const T* front() const { return empty() ? nullptr : static_cast<const T*>(head_.next_); }
  T* next(T& item) {
    ListLink<Tag>* n = static_cast<ListLink<Tag>&>(item).next_;
    return n == &head_ ? nullptr : element(n);
  }
  const T* next(const T& item) const {
    const ListLink<Tag>* n = static_cast<const ListLink<Tag>&>(item).next_;
    return n == &head_ ? nullptr : static_cast<const T*>(n);
  }
  void push_back(T& item) {
    ListLink<Tag>& link = item;
    LEAT_ASSERT(!link.is_linked());
    link.prev_ = head_.prev_;
    link.next_ = &head_;
    head_.prev_->next_ = &link;
    head_.prev_ = &link;
  }
  T* pop_front() {
    T* item = front();
    if (item != nullptr) static_cast<ListLink<Tag>&>(*item).unlink();
    return item;
  }

 private:
  static T* element(ListLink<Tag>* link) { return static_cast<T*>(link); }
  ListLink<Tag> head_;
};

}  // namespace leat
