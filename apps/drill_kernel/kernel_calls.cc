#include "kernel_calls.h"

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

std::int64_t transfer_message(SystemCall& call) {
  msghdr header{};
  header.msg_iov = call.pieces.data();
  header.msg_iovlen = call.pieces.size();
  header.msg_name = address(call);
  header.msg_namelen = call.has_address ? call.address_length : 0;
  header.msg_control = call.control.empty() ? nullptr : call.control.data();
  header.msg_controllen = call.control.size();
  if (call.name == CallName::sendmsg) return ::sendmsg(call.fd, &header, number(call, 0));
  const ssize_t n = ::recvmsg(call.fd, &header, number(call, 0));
  call.message_flags = header.msg_flags;
  call.control_length = header.msg_controllen;
  return n;
}

std::int64_t transfer(SystemCall& call) {
  const int pieces = static_cast<int>(call.pieces.size());
  socklen_t* length = call.has_address ? &call.address_length : nullptr;
  switch (call.name) {
    case CallName::read: return ::read(call.fd, call.data(), call.size());
    case CallName::write: return ::write(call.fd, call.data(), call.size());
    case CallName::recv: return ::recv(call.fd, call.data(), call.size(), number(call, 0));
    case CallName::send: return ::send(call.fd, call.data(), call.size(), number(call, 0));
    case CallName::readv: return ::readv(call.fd, call.pieces.data(), pieces);
    case CallName::writev: return ::writev(call.fd, call.pieces.data(), pieces);
    case CallName::sendto:
      return ::sendto(call.fd, call.data(), call.size(), number(call, 0), address(call), call.address_length);
    case CallName::recvfrom:
      return ::recvfrom(call.fd, call.data(), call.size(), number(call, 0), address(call), length);
    case CallName::sendmsg:
    case CallName::recvmsg: return transfer_message(call);
    case CallName::sendfile: {
      off_t offset = call.number[0];
      return ::sendfile(call.fd, call.second_fd, offset < 0 ? nullptr : &offset,
                        static_cast<std::size_t>(call.number[1]));
    }
    case CallName::splice:
      return ::splice(call.fd, nullptr, call.second_fd, nullptr, static_cast<std::size_t>(call.number[0]),
                      static_cast<unsigned>(call.number[1]));
    default: break;
  }
  errno = ENOSYS;
  return -1;
}

std::int64_t wait_or_describe(SystemCall& call) {
  switch (call.name) {
    case CallName::poll: return ::poll(call.polled.data(), call.polled.size(), number(call, 0));
    case CallName::epoll_create: return ::epoll_create(number(call, 0));
    case CallName::epoll_create1: return ::epoll_create1(number(call, 0));
    case CallName::epoll_ctl: return ::epoll_ctl(call.fd, number(call, 0), call.second_fd, call.epoll_events.data());
    case CallName::epoll_wait: return ::epoll_wait(call.fd, call.epoll_events.data(), number(call, 0), number(call, 1));
    case CallName::fcntl: return ::fcntl(call.fd, number(call, 0), call.number[1]);
    case CallName::ioctl: return ::ioctl(call.fd, static_cast<unsigned long>(call.number[0]), call.option.data());
    case CallName::open: return ::open(call.path.c_str(), number(call, 0) | O_CLOEXEC, number(call, 1));
    case CallName::pipe: return ::pipe(call.pipe.data());
    default: return transfer(call);
  }
}

std::int64_t dispatch(SystemCall& call) {
  switch (call.name) {
    case CallName::socket: return ::socket(number(call, 0), number(call, 1), number(call, 2));
    case CallName::bind: return ::bind(call.fd, address(call), call.address_length);
    case CallName::connect: return ::connect(call.fd, address(call), call.address_length);
    case CallName::listen: return ::listen(call.fd, number(call, 0));
    case CallName::accept: return ::accept(call.fd, address(call), &call.address_length);
    case CallName::accept4: return ::accept4(call.fd, address(call), &call.address_length, number(call, 0));
    case CallName::getsockname: return ::getsockname(call.fd, address(call), &call.address_length);
    case CallName::getpeername: return ::getpeername(call.fd, address(call), &call.address_length);
    case CallName::shutdown: return ::shutdown(call.fd, number(call, 0));
    case CallName::close: return ::close(call.fd);
    case CallName::setsockopt:
      return ::setsockopt(call.fd, number(call, 0), number(call, 1), call.option_is_null ? nullptr : call.option.data(),
                          call.option_length);
    case CallName::getsockopt:
      return ::getsockopt(call.fd, number(call, 0), number(call, 1), call.option_is_null ? nullptr : call.option.data(),
                          &call.option_length);
    default: return wait_or_describe(call);
  }
}

}  // namespace

void make_kernel_call(SystemCall& call) {
  errno = 0;
  call.result = dispatch(call);
  call.error = call.result < 0 ? errno : 0;
}

}  // namespace leat::drill
