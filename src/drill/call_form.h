// The system calls that scripts may make: their names and how many arguments each takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leat::drill {

enum class CallName : std::uint8_t {
  accept,
  accept4,
  bind,
  cap_set,
  close,
  connect,
  epoll_create,
  epoll_create1,
  epoll_ctl,
  epoll_wait,
  fcntl,
  getpeername,
  getsockname,
  getsockopt,
  ioctl,
  listen,
  open,
  pipe,
  poll,
  read,
  readv,
  recv,
  recvfrom,
  recvmsg,
  send,
  sendfile,
  sendmsg,
  sendto,
  setsockopt,
  shutdown,
  socket,
  splice,
  write,
  writev,
};

struct CallSignature {
  std::string_view name;
  CallName call;
  std::uint8_t fewest, most;  ///< arguments
  bool returns_descriptor;
};

/// Nothing when scripts have no such call.
const CallSignature* find_call(std::string_view name);

/// Calls of the language that ask for what no subject here has; a script that makes one is skipped.
bool is_unsupported_call(std::string_view name);

}  // namespace leat::drill
