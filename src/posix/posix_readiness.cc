// leat/posix.h: poll, select and epoll.
#include <array>
#include <optional>

#include "leat/posix.h"
#include "posix/calls.h"

using namespace leat;
using namespace leat::posix;

namespace {

constexpr int kMostEvents = INT32_MAX / static_cast<int>(sizeof(epoll_event));
constexpr nfds_t kMostFds = nfds_t{1} << 20;

std::optional<Duration> from_milliseconds(int timeout) {
  if (timeout < 0) return std::nullopt;
  return std::chrono::milliseconds(timeout);
}

bool is_wrong(const fd_set* set) { return set != nullptr && is_bad(set); }

}  // namespace

int leat_poll(pollfd* fds, nfds_t count, int timeout) {
  if (count > kMostFds) return answer_int(Result::failure(EINVAL));
  if (count > 0 && is_bad(fds)) return answer_int(Result::failure(EFAULT));
  return answer_int(on_host([&](Sockets& s, PendingCall& call, Instant now) {
    return s.poll({fds, count}, from_milliseconds(timeout), &call, now);
  }));
}

int leat_select(int nfds, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  std::optional<Duration> wait;
  if (timeout != nullptr) {
    if (is_bad(timeout)) return answer_int(Result::failure(EFAULT));
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return answer_int(Result::failure(EINVAL));
    constexpr time_t kLongest = time_t{100} * 365 * 86400;  // the longest that fits into a Duration
    wait = std::chrono::seconds(std::min(timeout->tv_sec, kLongest)) + std::chrono::microseconds(timeout->tv_usec);
  }
  if (is_wrong(read) || is_wrong(write) || is_wrong(except)) return answer_int(Result::failure(EFAULT));
  return answer_int(on_host([&](Sockets& s, PendingCall& call, Instant now) {
    return s.select(nfds, {read, write, except}, wait, &call, now);
  }));
}

int leat_epoll_create(int size) { return size <= 0 ? answer_int(Result::failure(EINVAL)) : leat_epoll_create1(0); }

int leat_epoll_create1(int flags) {
  return answer_int(on_host([&](Sockets& s, PendingCall&, Instant) { return s.epoll_create(flags); }));
}

int leat_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  if (operation != EPOLL_CTL_DEL && is_bad(event)) return answer_int(Result::failure(EFAULT));
  return answer_int(
      on_host([&](Sockets& s, PendingCall&, Instant) { return s.epoll_ctl(epoll, operation, fd, event); }));
}

int leat_epoll_wait(int epoll, epoll_event* events, int count, int timeout) {
  if (count <= 0 || count > kMostEvents) return answer_int(Result::failure(EINVAL));
  // The kernel detects bad memory when it copies events, which are then lost.
  epoll_event nowhere;
  const bool bad = is_bad(events);
  const std::span<epoll_event> room(bad ? &nowhere : events, bad ? 1 : static_cast<std::size_t>(count));
  const Result told = on_host([&](Sockets& s, PendingCall& call, Instant now) {
    return s.epoll_wait(epoll, room, from_milliseconds(timeout), &call, now);
  });
  return answer_int(bad && told.value > 0 ? Result::failure(EFAULT) : told);
}
