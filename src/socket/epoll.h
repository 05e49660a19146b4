// Epoll: one epoll instance: its entries, and those of them on which something has happened. A wait looks at the ready
// ones alone, so what it costs does not depend on how many there are.
//
// It asks a file's readiness by a function of its caller (SocketCalls), which also says when something happened to it.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "base/intrusive_list.h"
#include "socket/file.h"

namespace leat {

struct ReadyTag {};

struct EpollItem : ListLink<ReadyTag> {
  /// Bits that say how, not what.
  static constexpr std::uint32_t kHow = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;

  Epoll* epoll = nullptr;
  File* file = nullptr;
  int fd = -1;
  epoll_event event{};
  Waiter waiter;

  bool is_exclusive() const { return (event.events & EPOLLEXCLUSIVE) != 0; }
  /// False after ONESHOT has shot.
  bool is_armed() const { return (event.events & ~kHow) != 0; }
};

class Epoll {
 public:
  explicit Epoll(File& self) : self_(self) {}

  File& self() { return self_; }
  EpollItem* find(int fd, const File& file) const;
  EpollItem& add(int fd, File& file, const epoll_event& event);
  void change(EpollItem& item, const epoll_event& event);
  void remove(EpollItem& item);

  /// Something has happened to it that may be `key` (0: anything). True when it is news for a waiter.
  bool on_wake(EpollItem& item, std::uint32_t key);
  /// Fills `events` from the ready entries that `mask_of(File&)` confirms.
  template <class MaskOf>
  std::size_t take(std::span<epoll_event> events, const MaskOf& mask_of);
  /// Is there an entry that a wait would tell of?
  template <class MaskOf>
  bool is_ready(const MaskOf& mask_of) const;

  /// Does it, or an instance in it, watch `file`? And how deep do instances hold each other below and above this one?
  bool reaches(const File& file) const;
  int depth_below() const;
  int depth_above() const;
  bool is_watched() const { return !self_.waiters.empty(); }

 private:
  File& self_;
  std::map<std::pair<int, const File*>, std::unique_ptr<EpollItem>> items_;
  IntrusiveList<EpollItem, ReadyTag> ready_;
};

template <class MaskOf>
std::size_t Epoll::take(std::span<epoll_event> events, const MaskOf& mask_of) {
  std::size_t n = 0;
  IntrusiveList<EpollItem, ReadyTag> again;
  while (n < events.size()) {
    EpollItem* item = ready_.pop_front();
    if (item == nullptr) break;
    const std::uint32_t mask = mask_of(*item->file) & item->event.events & ~EpollItem::kHow;
    if (mask == 0) continue;
    events[n].events = mask;
    events[n++].data = item->event.data;
    if ((item->event.events & EPOLLONESHOT) != 0) {
      item->event.events &= EpollItem::kHow;
    } else if ((item->event.events & EPOLLET) == 0) {
      again.push_back(*item);  // level-triggered: the next wait looks again, after the others
    }
  }
  while (EpollItem* item = again.pop_front()) ready_.push_back(*item);
  return n;
}

template <class MaskOf>
bool Epoll::is_ready(const MaskOf& mask_of) const {
  for (const EpollItem* item = ready_.front(); item != nullptr; item = ready_.next(*item)) {
    if ((mask_of(*item->file) & item->event.events & ~EpollItem::kHow) != 0) return true;
  }
  return false;
}

}  // namespace leat
