// The table of system calls that scripts may make. A row says how a script writes a call's arguments and what the call
// changes in the script's world. Each player adds a column with the function that makes the call (CallColumn).
//
// A new call is a row here and an entry in each column.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace leat::drill {

struct PlayedCall;

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
inline constexpr std::size_t kCallCount = static_cast<std::size_t>(CallName::writev) + 1;

/// The meaning of one argument: how it becomes part of a SystemCall (call_maker.cc), and how a script's expectation
/// about it is compared afterwards (call_judge.cc).
enum class Argument : std::uint8_t {
  none,               ///< past the last argument
  ignored,            ///< a count or a length that the runner knows itself
  descriptor,         ///< SystemCall::fd
  second_descriptor,  ///< SystemCall::second_fd
  number,             ///< the next of SystemCall::number
  domain,             ///< a number; `...` is the domain of --ip_version
  local_address,      ///< where bind() binds; `...` is --local_ip and --bind_port
  remote_address,     ///< where connect() connects; `...` is --remote_ip and --connect_port
  stored_address,     ///< room for an address
  data,               ///< a buffer of as many bytes as the next argument says
  pieces,             ///< a list of {..., size}
  sent_message,       ///< a msghdr to send
  received_message,   ///< a msghdr to fill in, compared
  set_option,         ///< the value of an option; its length follows
  got_option,         ///< the same, to be filled in, compared
  ioctl_value,        ///< an int by pointer, compared
  polled,             ///< a list of {fd=, events=, revents=}, compared
  epoll_event,        ///< {events=, fd=}
  epoll_room,         ///< the same, to be filled in, compared; as many as the next argument says
  path,               ///< the name of a file
  offset,             ///< [n] by pointer, or NULL
  pipe_ends,          ///< [r, w]
};

struct CallRow {
  static constexpr std::size_t kMostArguments = 6;

  std::string_view name;
  CallName call;
  std::array<Argument, kMostArguments> arguments;
  std::uint8_t optional = 0;                  ///< how many of the last arguments may be left out
  bool returns_descriptor = false;            ///< a result of 0 or more names the new descriptor in the script
  void (*note)(const PlayedCall&) = nullptr;  ///< what success changes in the script's world (call_effects.h)

  constexpr std::size_t most_arguments() const {
    std::size_t count = 0;
    while (count < arguments.size() && arguments[count] != Argument::none) ++count;
    return count;
  }
  constexpr std::size_t fewest_arguments() const { return most_arguments() - optional; }
};

/// Null when scripts have no such call.
const CallRow* find_call(std::string_view name);
const CallRow& call_row(CallName call);

/// True for calls of the language that no player here supports; a script that makes one is skipped.
bool is_unsupported_call(std::string_view name);

/// A player's column of the table. It does not compile unless it has exactly one entry for every call.
template <class Entry>
class CallColumn {
 public:
  struct Cell {
    CallName call;
    Entry entry;
  };
  consteval CallColumn(std::initializer_list<Cell> cells) {
    std::array<bool, kCallCount> filled{};
    for (const Cell& cell : cells) {
      const auto index = static_cast<std::size_t>(cell.call);
      if (filled[index]) throw "a call has two entries";
      entries_[index] = cell.entry, filled[index] = true;
    }
    for (const bool one : filled) {
      if (!one) throw "a call has no entry";
    }
  }
  constexpr const Entry& operator[](CallName call) const { return entries_[static_cast<std::size_t>(call)]; }

 private:
  std::array<Entry, kCallCount> entries_{};
};

}  // namespace leat::drill
