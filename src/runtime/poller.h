// Poller: waits for descriptors and for a moment, by epoll, with the precision of nanoseconds.
// One thread, but for wake().
#pragma once

#include <cstdint>

#include "device/monotonic_clock.h"
#include "device/unique_fd.h"
#include "leat/error.h"
#include "leat/expected.h"
#include "leat/time.h"

struct epoll_event;

namespace leat {

class Poller {
 public:
  /// In what wait() returns: wake() was called.
  static constexpr std::uint32_t kWoken = std::uint32_t{1} << 31;

  static expected<Poller, Error> create();

  /// Watches `fd` for input; `tag` < 31 names it in what wait() returns.
  bool add(int fd, unsigned tag);
  /// What is waited for, beside errors.
  struct Interest {
    bool input = true, output = false;
  };
  void change(int fd, unsigned tag, Interest interest);
  void remove(int fd);

  /// Sleeps until a descriptor is ready, wake() was called or `deadline` has come; not at all for a deadline in the
  /// past. A set of bits, one for each tag that is ready (errors count as ready), and kWoken.
  std::uint32_t wait(Instant deadline, Instant now);
  /// Makes the current or the next wait() return. From any thread.
  void wake() const;

 private:
  Poller(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  int wait_until(epoll_event* events, int capacity, Instant deadline, Instant now);

  UniqueFd epoll_, wake_;
  bool precise_ = true;  ///< epoll_pwait2(2) exists
};

}  // namespace leat
