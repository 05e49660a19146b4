#include "drill/call_table.h"

#include <algorithm>

#include "drill/call_effects.h"

namespace leat::drill {
namespace {

using enum Argument;

/// In the order of CallName.
constexpr std::array<CallRow, kCallCount> kCalls = {{
    {"accept", CallName::accept, {descriptor, stored_address, ignored}, 0, true, note_accept},
    {"accept4", CallName::accept4, {descriptor, stored_address, ignored, number}, 0, true, note_accept},
    {"bind", CallName::bind, {descriptor, local_address, ignored}, 0, false, note_bind},
    {"cap_set", CallName::cap_set, {ignored, ignored, ignored}, 2},
    {"close", CallName::close, {descriptor}, 0, false, note_close},
    {"connect", CallName::connect, {descriptor, remote_address, ignored}, 0, false, note_connect},
    {"epoll_create", CallName::epoll_create, {number}, 0, true, note_descriptor},
    {"epoll_create1", CallName::epoll_create1, {number}, 0, true, note_descriptor},
    {"epoll_ctl", CallName::epoll_ctl, {descriptor, number, second_descriptor, epoll_event}},
    {"epoll_wait", CallName::epoll_wait, {descriptor, epoll_room, number, number}},
    {"fcntl", CallName::fcntl, {descriptor, number, number}, 1},
    {"getpeername", CallName::getpeername, {descriptor, stored_address, ignored}},
    {"getsockname", CallName::getsockname, {descriptor, stored_address, ignored}},
    {"getsockopt", CallName::getsockopt, {descriptor, number, number, got_option, ignored}},
    {"ioctl", CallName::ioctl, {descriptor, number, ioctl_value}, 1},
    {"listen", CallName::listen, {descriptor, number}, 0, false, note_listen},
    {"open", CallName::open, {path, number, number}, 1, true, note_descriptor},
    {"pipe", CallName::pipe, {pipe_ends}, 0, false, note_pipe},
    {"poll", CallName::poll, {polled, ignored, number}},
    {"read", CallName::read, {descriptor, data, ignored}},
    {"readv", CallName::readv, {descriptor, pieces, ignored}},
    {"recv", CallName::recv, {descriptor, data, ignored, number}},
    {"recvfrom", CallName::recvfrom, {descriptor, data, ignored, number, stored_address, ignored}},
    {"recvmsg", CallName::recvmsg, {descriptor, received_message, number}},
    {"send", CallName::send, {descriptor, data, ignored, number}},
    {"sendfile", CallName::sendfile, {descriptor, second_descriptor, offset, number}},
    {"sendmsg", CallName::sendmsg, {descriptor, sent_message, number}},
    {"sendto", CallName::sendto, {descriptor, data, ignored, number, remote_address, ignored}},
    {"setsockopt", CallName::setsockopt, {descriptor, number, number, set_option, ignored}},
    {"shutdown", CallName::shutdown, {descriptor, number}},
    {"socket", CallName::socket, {domain, number, number}, 0, true, note_socket},
    {"splice", CallName::splice, {descriptor, ignored, second_descriptor, ignored, number, number}},
    {"write", CallName::write, {descriptor, data, ignored}},
    {"writev", CallName::writev, {descriptor, pieces, ignored}},
}};

consteval bool in_order() {
  for (std::size_t i = 0; i < kCalls.size(); ++i) {
    if (static_cast<std::size_t>(kCalls[i].call) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

const CallRow* find_call(std::string_view name) {
  const auto found = std::find_if(kCalls.begin(), kCalls.end(), [&](const auto& row) { return row.name == name; });
  return found == kCalls.end() ? nullptr : &*found;
}

const CallRow& call_row(CallName call) { return kCalls[static_cast<std::size_t>(call)]; }

bool is_unsupported_call(std::string_view name) {
  constexpr std::array<std::string_view, 24> kOthers = {
      "dup",     "dup2",     "dup3",   "epoll_pwait", "fork",       "kevent", "kqueue",  "lseek",
      "mmap",    "mprotect", "munmap", "ppoll",       "pread",      "preadv", "pselect", "pwrite",
      "pwritev", "recvmmsg", "select", "sendmmsg",    "socketpair", "tee",    "unlink",  "vmsplice"};
  return name.starts_with("psp_") || name.starts_with("sctp_") ||
         std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end();
}

}  // namespace leat::drill
