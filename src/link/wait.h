// Wait: one descriptor to wait for, and in which directions. The number is opaque below the runtime: poll, epoll,
// io_uring or an event loop gives it a meaning.
#pragma once

namespace leat {

struct Wait {
  int fd = -1;  ///< negative: nothing to wait for, as poll(2) takes it
  bool input = false, output = false;

  bool operator==(const Wait&) const = default;
};

}  // namespace leat
