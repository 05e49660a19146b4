#include "drill_kernel/calls.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace leat::drill {
namespace {

sockaddr* address(SystemCall& call) { return call.has_address ? reinterpret_cast<sockaddr*>(&call.address) : nullptr; }
int number(const SystemCall& call, std::size_t i) { return static_cast<int>(call.number[i]); }

msghdr message(SystemCall& call) {
  msghdr header{};
  header.msg_iov = call.pieces.data();
  header.msg_iovlen = call.pieces.size();
  header.msg_name = address(call);
  header.msg_namelen = call.has_address ? call.address_length : 0;
  header.msg_control = call.control.empty() ? nullptr : call.control.data();
  header.msg_controllen = call.control.size();
  return header;
}

std::int64_t send_message(SystemCall& call) {
  const msghdr header = message(call);
  return ::sendmsg(call.fd, &header, number(call, 0));
}

std::int64_t receive_message(SystemCall& call) {
  msghdr header = message(call);
  const ssize_t n = ::recvmsg(call.fd, &header, number(call, 0));
  call.message_flags = header.msg_flags;
  call.control_length = header.msg_controllen;
  return n;
}

std::int64_t send_file(SystemCall& call) {
  off_t offset = call.number[0];
  return ::sendfile(call.fd, call.second_fd, offset < 0 ? nullptr : &offset, static_cast<std::size_t>(call.number[1]));
}

void* option(SystemCall& call) { return call.option_is_null ? nullptr : call.option.data(); }
int pieces(const SystemCall& call) { return static_cast<int>(call.pieces.size()); }

/// The kernel's column of the call table. Null: this player leaves the call alone.
using Make = std::int64_t (*)(SystemCall&);
using Call = SystemCall;
using Result = std::int64_t;
constexpr CallColumn<Make> kKernelCalls = {
    {CallName::accept, [](Call& c) -> Result { return ::accept(c.fd, address(c), &c.address_length); }},
    {CallName::accept4, [](Call& c) -> Result { return ::accept4(c.fd, address(c), &c.address_length, number(c, 0)); }},
    {CallName::bind, [](Call& c) -> Result { return ::bind(c.fd, address(c), c.address_length); }},
    {CallName::cap_set, nullptr},
    {CallName::close, [](Call& c) -> Result { return ::close(c.fd); }},
    {CallName::connect, [](Call& c) -> Result { return ::connect(c.fd, address(c), c.address_length); }},
    {CallName::epoll_create, [](Call& c) -> Result { return ::epoll_create(number(c, 0)); }},
    {CallName::epoll_create1, [](Call& c) -> Result { return ::epoll_create1(number(c, 0)); }},
    {CallName::epoll_ctl,
     [](Call& c) -> Result { return ::epoll_ctl(c.fd, number(c, 0), c.second_fd, c.epoll_events.data()); }},
    {CallName::epoll_wait,
     [](Call& c) -> Result { return ::epoll_wait(c.fd, c.epoll_events.data(), number(c, 0), number(c, 1)); }},
    {CallName::fcntl, [](Call& c) -> Result { return ::fcntl(c.fd, number(c, 0), c.number[1]); }},
    {CallName::getpeername, [](Call& c) -> Result { return ::getpeername(c.fd, address(c), &c.address_length); }},
    {CallName::getsockname, [](Call& c) -> Result { return ::getsockname(c.fd, address(c), &c.address_length); }},
    {CallName::getsockopt,
     [](Call& c) -> Result { return ::getsockopt(c.fd, number(c, 0), number(c, 1), option(c), &c.option_length); }},
    {CallName::ioctl,
     [](Call& c) -> Result { return ::ioctl(c.fd, static_cast<unsigned long>(c.number[0]), c.option.data()); }},
    {CallName::listen, [](Call& c) -> Result { return ::listen(c.fd, number(c, 0)); }},
    {CallName::open, [](Call& c) -> Result { return ::open(c.path.c_str(), number(c, 0) | O_CLOEXEC, number(c, 1)); }},
    {CallName::pipe, [](Call& c) -> Result { return ::pipe(c.pipe.data()); }},
    {CallName::poll, [](Call& c) -> Result { return ::poll(c.polled.data(), c.polled.size(), number(c, 0)); }},
    {CallName::read, [](Call& c) -> Result { return ::read(c.fd, c.data(), c.size()); }},
    {CallName::readv, [](Call& c) -> Result { return ::readv(c.fd, c.pieces.data(), pieces(c)); }},
    {CallName::recv, [](Call& c) -> Result { return ::recv(c.fd, c.data(), c.size(), number(c, 0)); }},
    {CallName::recvfrom,
     [](Call& c) -> Result {
       return ::recvfrom(c.fd, c.data(), c.size(), number(c, 0), address(c), &c.address_length);
     }},
    {CallName::recvmsg, receive_message},
    {CallName::send, [](Call& c) -> Result { return ::send(c.fd, c.data(), c.size(), number(c, 0)); }},
    {CallName::sendfile, send_file},
    {CallName::sendmsg, send_message},
    {CallName::sendto,
     [](Call& c) -> Result { return ::sendto(c.fd, c.data(), c.size(), number(c, 0), address(c), c.address_length); }},
    {CallName::setsockopt,
     [](Call& c) -> Result { return ::setsockopt(c.fd, number(c, 0), number(c, 1), option(c), c.option_length); }},
    {CallName::shutdown, [](Call& c) -> Result { return ::shutdown(c.fd, number(c, 0)); }},
    {CallName::socket, [](Call& c) -> Result { return ::socket(number(c, 0), number(c, 1), number(c, 2)); }},
    {CallName::splice,
     [](Call& c) -> Result {
       return ::splice(c.fd, nullptr, c.second_fd, nullptr, static_cast<std::size_t>(c.number[0]),
                       static_cast<unsigned>(c.number[1]));
     }},
    {CallName::write, [](Call& c) -> Result { return ::write(c.fd, c.data(), c.size()); }},
    {CallName::writev, [](Call& c) -> Result { return ::writev(c.fd, c.pieces.data(), pieces(c)); }},
};

}  // namespace

void make_kernel_call(SystemCall& call) {
  errno = 0;
  call.result = kKernelCalls[call.name](call);
  call.error = call.result < 0 ? errno : 0;
}

bool kernel_lacks(const SystemCall& call) { return kKernelCalls[call.name] == nullptr; }

}  // namespace leat::drill
