// File: what a descriptor stands for, a socket or an epoll instance, and who waits for something to happen to it.
// Counted, since descriptors (dup) and calls that wait may share one; SocketCalls ends it with the last reference.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "base/intrusive_list.h"
#include "socket/stream_socket.h"

namespace leat {

class Epoll;
struct EpollItem;
struct PendingOperation;
struct WaiterTag {};

/// One who waits: a call, or an entry of an epoll instance.
struct Waiter : ListLink<WaiterTag> {
  PendingOperation* operation = nullptr;
  EpollItem* item = nullptr;
};

struct File {
  File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  bool is_nonblocking() const { return (flags & O_NONBLOCK) != 0; }

  int flags = O_RDWR;
  std::uint32_t references = 0;
  std::unique_ptr<StreamSocket> socket;  ///< or
  std::unique_ptr<Epoll> epoll;
  IntrusiveList<Waiter, WaiterTag> waiters;
};

}  // namespace leat
