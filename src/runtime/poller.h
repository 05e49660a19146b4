// Poller: waits for descriptors or a deadline, by epoll, with a precision of nanoseconds. It belongs to one thread;
// wake() can be called from any.
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
  /// The bit in the result of wait() that says that wake() was called.
  static constexpr std::uint32_t kWoken = std::uint32_t{1} << 31;

  static expected<Poller, Error> create();

  /// Watches `fd` for input. `tag`, which is less than 31, is its bit in the result of wait().
  bool add(int fd, unsigned tag);
  /// The directions to wait for. Errors are always waited for.
  struct Interest {
    bool input = true, output = false;
  };
  void change(int fd, unsigned tag, Interest interest);
  void remove(int fd);

  /// Sleeps until a descriptor is ready, wake() is called or `deadline` comes. Does not sleep when the deadline is in
  /// the past. Returns a set of bits: one for each tag that is ready (errors count as ready), and kWoken.
  std::uint32_t wait(Instant deadline, Instant now);
  /// Makes the current or the next wait() return. Can be called from any thread.
  void wake() const;

 private:
  Poller(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  int wait_until(epoll_event* events, int capacity, Instant deadline, Instant now);

  UniqueFd epoll_, wake_;
  bool precise_ = true;  ///< epoll_pwait2(2) exists
};

}  // namespace leat
