// SystemCall: a system call that is ready to be made: numbers, and memory in the layouts of Linux's headers. The player
// fills it from a script (call_maker.h), a Subject makes the call, and the player compares the results (call_judge.h).
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "drill/call_table.h"
#include "leat/time.h"

namespace leat::drill {

/// It cannot move, because the iovecs point into the buffers.
struct SystemCall {
  SystemCall() = default;
  SystemCall(const SystemCall&) = delete;
  SystemCall& operator=(const SystemCall&) = delete;

  CallName name = CallName::close;
  int fd = -1;         ///< the first descriptor argument, live
  int second_fd = -1;  ///< of epoll_ctl, sendfile, splice
  /// The other numbers, in the order of the arguments: domain, type, protocol; level, option; flags; backlog; timeout …
  std::array<std::int64_t, 4> number{};
  std::string path;  ///< of open

  sockaddr_storage address{};  ///< in or out
  socklen_t address_length = 0;
  bool has_address = false;

  std::vector<std::vector<std::uint8_t>> buffers;  ///< data to send, or room to receive
  std::vector<iovec> pieces;                       ///< the buffers, as the script cuts them
  std::vector<std::uint8_t> control;               ///< msg_control: messages to send, or room
  std::size_t control_length = 0;                  ///< after a receive
  int message_flags = 0;                           ///< of a receive

  std::vector<std::uint8_t> option;  ///< value of a socket option or of ioctl, in or out
  socklen_t option_length = 0;
  bool option_is_null = false;

  std::vector<pollfd> polled;
  std::vector<epoll_event> epoll_events;
  std::array<int, 2> pipe{};

  std::int64_t result = 0;
  int error = 0;        ///< with result -1
  Duration finished{};  ///< the time when it returned

  std::uint8_t* data() { return pieces.empty() ? nullptr : static_cast<std::uint8_t*>(pieces[0].iov_base); }
  std::size_t size() const { return pieces.empty() ? 0 : pieces[0].iov_len; }
};

}  // namespace leat::drill
