// Sockets: poll, select and epoll.
#include <algorithm>

#include "socket/select_sets.h"
#include "socket/socket_calls.h"
#include "socket/sockets.h"

namespace leat {
namespace {

constexpr int kDeepestEpoll = 4;  // instances that hold each other, as in the kernel
constexpr std::uint32_t kWithExclusive =
    EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

/// Would `outer`, with `inner` in it, watch itself or be part of a chain that is too long?
bool is_loop(Epoll& outer, const Epoll& inner) {
  return inner.reaches(outer.self()) || outer.depth_above() + 1 + inner.depth_below() > kDeepestEpoll;
}

/// What EPOLLEXCLUSIVE forbids.
bool is_wrong(int operation, const File& target, const epoll_event& event) {
  if ((event.events & EPOLLEXCLUSIVE) == 0) return false;
  if (operation == EPOLL_CTL_MOD) return true;
  return target.epoll != nullptr || (event.events & ~kWithExclusive) != 0;
}

}  // namespace

Result Sockets::poll(std::span<pollfd> fds, std::optional<Duration> timeout, PendingCall* call, Instant now) {
  calls_->set_now(now);
  PendingOperation operation(CallKind::poll);
  operation.fds = fds;
  operation.timeout = timeout;
  std::vector<File*> files;
  if (call != nullptr) {
    for (const pollfd& p : fds) files.push_back(calls_->table().find(p.fd));
  }
  return calls_->run(std::move(operation), files, call);
}

Result Sockets::select(int nfds, const SelectSets& sets, std::optional<Duration> timeout, PendingCall* call,
                       Instant now) {
  calls_->set_now(now);
  if (nfds < 0) return Result::failure(EINVAL);
  PendingOperation operation(CallKind::select);
  operation.sets = sets;
  operation.selected = read_select_sets(std::min(nfds, FD_SETSIZE), sets);
  operation.timeout = timeout;
  std::vector<File*> files;
  for (const pollfd& p : operation.selected) {
    files.push_back(calls_->table().find(p.fd));
    if (files.back() == nullptr) return Result::failure(EBADF);
  }
  return calls_->run(std::move(operation), files, call);
}

Result Sockets::epoll_create(int flags) {
  if ((flags & ~EPOLL_CLOEXEC) != 0) return Result::failure(EINVAL);
  File& file = calls_->create_file();
  file.epoll = std::make_unique<Epoll>(file);
  return calls_->give_descriptor(file, (flags & EPOLL_CLOEXEC) != 0);
}

Result Sockets::epoll_ctl(int epoll_fd, int operation, int fd, const epoll_event* event) {
  File* self = calls_->table().find(epoll_fd);
  File* target = calls_->table().find(fd);
  if (self == nullptr || target == nullptr) return Result::failure(EBADF);
  if (!self->epoll || target == self) return Result::failure(EINVAL);
  if (operation != EPOLL_CTL_DEL && is_wrong(operation, *target, *event)) return Result::failure(EINVAL);
  Epoll& epoll = *self->epoll;
  EpollItem* item = epoll.find(fd, *target);
  switch (operation) {
    case EPOLL_CTL_ADD:
      if (target->epoll && is_loop(epoll, *target->epoll)) return Result::failure(ELOOP);
      if (item != nullptr) return Result::failure(EEXIST);
      item = &epoll.add(fd, *target, *event);
      break;
    case EPOLL_CTL_MOD:
      if (item == nullptr) return Result::failure(ENOENT);
      if (item->is_exclusive()) return Result::failure(EINVAL);
      epoll.change(*item, *event);
      break;
    case EPOLL_CTL_DEL:
      if (item == nullptr) return Result::failure(ENOENT);
      epoll.remove(*item);
      return {};
    default: return Result::failure(EINVAL);
  }
  const std::uint32_t mask = calls_->poll_mask(*target) & item->event.events;
  if (mask != 0 && epoll.on_wake(*item, mask)) calls_->wake(*self, EPOLLIN | EPOLLRDNORM);
  return {};
}

Result Sockets::epoll_wait(int epoll_fd, std::span<epoll_event> events, std::optional<Duration> timeout,
                           PendingCall* call, Instant now) {
  calls_->set_now(now);
  File* file = calls_->table().find(epoll_fd);
  if (file == nullptr) return Result::failure(EBADF);
  if (!file->epoll || events.empty()) return Result::failure(EINVAL);
  PendingOperation operation(CallKind::epoll_wait);
  operation.events = events;
  operation.timeout = timeout;
  return calls_->run(std::move(operation), *file, call);
}

}  // namespace leat
