#include "runtime/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <ctime>

namespace leat {
namespace {

constexpr unsigned kWakeTag = std::countr_zero(Poller::kWoken);
constexpr int kEventsAWait = 16;
constexpr std::int64_t kSecond = 1'000'000'000, kMillisecond = 1'000'000;

}  // namespace

expected<Poller, Error> Poller::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!epoll || !wake) return unexpected(Error::system);
  Poller poller(std::move(epoll), std::move(wake));
  if (!poller.add(poller.wake_.get(), kWakeTag)) return unexpected(Error::system);
  return poller;
}

bool Poller::add(int fd, unsigned tag) {
  epoll_event e{};
  e.events = EPOLLIN;
  e.data.u32 = tag;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) == 0;
}

void Poller::change(int fd, unsigned tag, Interest interest) {
  epoll_event e{};
  if (interest.input) e.events |= EPOLLIN;
  if (interest.output) e.events |= EPOLLOUT;
  e.data.u32 = tag;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &e);
}

void Poller::remove(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

int Poller::wait_until(epoll_event* events, int capacity, Instant deadline, Instant now) {
  const std::int64_t left = deadline <= now ? 0 : (deadline - now).count();
  if (precise_) {
    const timespec timeout{left / kSecond, left % kSecond};
    const int n = ::epoll_pwait2(epoll_.get(), events, capacity, deadline == kNever ? nullptr : &timeout, nullptr);
    if (n >= 0 || (errno != ENOSYS && errno != EPERM)) return n;
    precise_ = false;  // Linux before 5.11, or a sandbox that refuses the call
  }
  // Round up: returning before the deadline would make the loop spin.
  const std::int64_t whole = left / kMillisecond + (left % kMillisecond != 0 ? 1 : 0);
  const int timeout = deadline == kNever ? -1 : static_cast<int>(std::min<std::int64_t>(whole, INT_MAX));
  return ::epoll_wait(epoll_.get(), events, capacity, timeout);
}

std::uint32_t Poller::wait(Instant deadline, Instant now) {
  epoll_event events[kEventsAWait];
  const int n = wait_until(events, kEventsAWait, deadline, now);
  std::uint32_t ready = 0;
  for (int i = 0; i < n; ++i) {
    if (events[i].data.u32 == kWakeTag) {
      std::uint64_t count = 0;
      (void)!::read(wake_.get(), &count, sizeof count);
    }
    ready |= std::uint32_t{1} << events[i].data.u32;
  }
  return ready;
}

void Poller::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

}  // namespace leat
