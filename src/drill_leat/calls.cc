#include "drill_leat/calls.h"

#include <cerrno>
#include <cstring>

#include "drill/text.h"

namespace leat::drill {
namespace {

int number(const SystemCall& call, std::size_t i) { return static_cast<int>(call.number[i]); }

std::optional<Duration> timeout_of(std::int64_t milliseconds) {
  if (milliseconds < 0) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

/// What the kernel finds when it copies; Sockets leaves it to its callers.
bool points_nowhere(const SystemCall& call) {
  for (const iovec& piece : call.pieces) {
    if (piece.iov_base == nullptr && piece.iov_len > 0) return true;
  }
  return false;
}

void store_message(SystemCall& call, const MessageFacts& message) {
  if (call.name != CallName::recvmsg) return;
  const WrittenControl written = write_control(message, number(call, 0), call.control);
  call.message_flags = written.flags, call.control_length = written.length;
}

Result transfer(Sockets& sockets, SystemCall& call, PendingCall* pending, Instant now) {
  if (points_nowhere(call)) return Result::failure(EFAULT);
  switch (call.name) {
    case CallName::read:
    case CallName::readv: return sockets.read(call.fd, call.pieces, pending, now);
    case CallName::write:
    case CallName::writev: return sockets.send(call.fd, call.pieces, 0, pending, now);
    case CallName::recv:
    case CallName::recvfrom:
    case CallName::recvmsg: return sockets.receive(call.fd, call.pieces, number(call, 0), pending, now);
    case CallName::sendmsg:
      if (const int error = check_control(call.control)) {
        const Result result = sockets.send(call.fd, {}, number(call, 0), nullptr, now);
        return result ? Result::failure(error) : result;
      }
      break;
    default: break;
  }
  return sockets.send(call.fd, call.pieces, number(call, 0), pending, now);
}

Result name_of(Sockets& sockets, SystemCall& call) {
  SocketName name;
  const Result result =
      call.name == CallName::getsockname ? sockets.getsockname(call.fd, name) : sockets.getpeername(call.fd, name);
  call.address = name.address, call.address_length = name.length;
  return result;
}

Result dispatch(Sockets& sockets, SystemCall& call, PendingCall* pending, Instant now) {
  const auto* address = reinterpret_cast<const sockaddr*>(&call.address);
  switch (call.name) {
    case CallName::socket: return sockets.socket(number(call, 0), number(call, 1), number(call, 2));
    case CallName::bind:
    case CallName::connect:
      if (!call.has_address) return Result::failure(EFAULT);
      if (call.name == CallName::bind) return sockets.bind(call.fd, address, call.address_length);
      return sockets.connect(call.fd, address, call.address_length, pending, now);
    case CallName::listen: return sockets.listen(call.fd, number(call, 0), now);
    case CallName::accept: return sockets.accept(call.fd, 0, pending, now);
    case CallName::accept4: return sockets.accept(call.fd, number(call, 0), pending, now);
    case CallName::close: return sockets.close(call.fd, pending, now);
    case CallName::shutdown: return sockets.shutdown(call.fd, number(call, 0), now);
    case CallName::getsockname:
    case CallName::getpeername: return name_of(sockets, call);
    case CallName::fcntl: return sockets.fcntl(call.fd, number(call, 0), call.number[1]);
    case CallName::ioctl: {
      int value = 0;
      std::memcpy(&value, call.option.data(), sizeof value);
      const Result result = sockets.ioctl(call.fd, static_cast<unsigned long>(call.number[0]), &value);
      std::memcpy(call.option.data(), &value, sizeof value);
      return result;
    }
    case CallName::setsockopt:
      if (call.option_is_null && call.option_length > 0) return Result::failure(EFAULT);
      return sockets.setsockopt(call.fd, number(call, 0), number(call, 1), call.option.data(), call.option_length, now);
    case CallName::getsockopt:
      if (call.option_is_null) return Result::failure(EFAULT);
      return sockets.getsockopt(call.fd, number(call, 0), number(call, 1), call.option.data(), &call.option_length,
                                now);
    case CallName::poll: return sockets.poll(call.polled, timeout_of(call.number[0]), pending, now);
    case CallName::epoll_create: return number(call, 0) <= 0 ? Result::failure(EINVAL) : sockets.epoll_create(0);
    case CallName::epoll_create1: return sockets.epoll_create(number(call, 0));
    case CallName::epoll_ctl:
      return sockets.epoll_ctl(call.fd, number(call, 0), call.second_fd, call.epoll_events.data());
    case CallName::epoll_wait:
      return sockets.epoll_wait(call.fd, call.epoll_events, timeout_of(call.number[1]), pending, now);
    default: return transfer(sockets, call, pending, now);
  }
}

void store(Sockets& sockets, SystemCall& call, const Result& result) {
  call.result = result.value, call.error = result.error;
  const bool accepted = call.name == CallName::accept || call.name == CallName::accept4;
  if (!accepted || result.value < 0) return;
  SocketName name;
  static_cast<void>(sockets.accepted_name(static_cast<int>(result.value), name));
  call.address = name.address, call.address_length = name.length;
}

}  // namespace

Result begin_leat_call(Sockets& sockets, SystemCall& call, PendingCall* pending, Instant now) {
  const Result result = dispatch(sockets, call, pending, now);
  if (result.is_pending()) return result;
  if (pending != nullptr) store_message(call, pending->message());
  store(sockets, call, result);
  return result;
}

void end_leat_call(Sockets& sockets, SystemCall& call, const Result& result, const PendingCall& pending) {
  store_message(call, pending.message());
  store(sockets, call, result);
}

std::optional<std::string> leat_lacks(Sockets& sockets, const SystemCall& call) {
  switch (call.name) {
    case CallName::cap_set:
    case CallName::open:
    case CallName::pipe:
    case CallName::sendfile:
    case CallName::splice: return std::string("Leat has no such call: it is about files and processes");
    case CallName::socket: {
      const Result result = sockets.socket(number(call, 0), number(call, 1), number(call, 2));
      if (result) static_cast<void>(sockets.close(static_cast<int>(result.value), nullptr, Instant{}));
      const bool lacks =
          result.error == EAFNOSUPPORT || result.error == EPROTONOSUPPORT || result.error == ESOCKTNOSUPPORT;
      if (lacks) return concat("Leat has no sockets of domain ", call.number[0], ", type ", call.number[1]);
      return std::nullopt;
    }
    default: return std::nullopt;
  }
}

}  // namespace leat::drill
