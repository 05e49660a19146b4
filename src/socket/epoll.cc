#include "socket/epoll.h"

#include <algorithm>

namespace leat {

File::File() = default;
File::~File() = default;

namespace {
constexpr std::uint32_t kAlways = EPOLLERR | EPOLLHUP;
}

EpollItem* Epoll::find(int fd, const File& file) const {
  const auto found = items_.find({fd, &file});
  return found == items_.end() ? nullptr : found->second.get();
}

EpollItem& Epoll::add(int fd, File& file, const epoll_event& event) {
  std::unique_ptr<EpollItem>& item = items_[{fd, &file}];
  item = std::make_unique<EpollItem>();
  item->epoll = this;
  item->file = &file;
  item->fd = fd;
  item->waiter.item = item.get();
  file.waiters.push_back(item->waiter);
  change(*item, event);
  return *item;
}

void Epoll::change(EpollItem& item, const epoll_event& event) {
  item.event = event;
  item.event.events |= kAlways;
}

void Epoll::remove(EpollItem& item) { items_.erase({item.fd, item.file}); }

bool Epoll::on_wake(EpollItem& item, std::uint32_t key) {
  if (!item.is_armed() || (key != 0 && (key & item.event.events) == 0)) return false;
  ListLink<ReadyTag>& link = item;
  if (!link.is_linked()) ready_.push_back(item);
  return true;
}

bool Epoll::reaches(const File& file) const {
  if (&self_ == &file) return true;
  return std::any_of(items_.begin(), items_.end(), [&](const auto& entry) {
    const File& inner = *entry.second->file;
    return inner.epoll && inner.epoll->reaches(file);
  });
}

int Epoll::depth_below() const {
  int deepest = 0;
  for (const auto& [key, item] : items_) {
    if (item->file->epoll) deepest = std::max(deepest, 1 + item->file->epoll->depth_below());
  }
  return deepest;
}

int Epoll::depth_above() const {
  int highest = 0;
  for (const Waiter* waiter = self_.waiters.front(); waiter != nullptr; waiter = self_.waiters.next(*waiter)) {
    if (waiter->item != nullptr) highest = std::max(highest, 1 + waiter->item->epoll->depth_above());
  }
  return highest;
}

}  // namespace leat
