#include "drill_leat/calls.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "drill/text.h"

namespace leat::drill {
namespace {

std::optional<Duration> timeout_of(std::int64_t milliseconds) {
  if (milliseconds < 0) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

/// True when a buffer is missing, which the kernel finds when it copies. Sockets leaves this check to its callers.
bool points_nowhere(const SystemCall& call) {
  for (const iovec& piece : call.pieces) {
    if (piece.iov_base == nullptr && piece.iov_len > 0) return true;
  }
  return false;
}

/// One of Leat's calls as it is made.
struct Making {
  Sockets& sockets;
  SystemCall& call;
  PendingCall* pending;
  Instant now;

  int number(std::size_t i) const { return static_cast<int>(call.number[i]); }
  const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&call.address); }
};

/// A transfer whose pieces point nowhere fails with EFAULT, but only where bytes would be copied: the other errors, and
/// the end of the stream, come first, as in the kernel.
Result receive_nowhere(const Making& m) {
  std::uint8_t byte = 0;
  const iovec room{&byte, 1};
  const Result result = m.sockets.receive(m.call.fd, {&room, 1}, MSG_PEEK | MSG_DONTWAIT, nullptr, m.now);
  return result.value > 0 ? Result::failure(EFAULT) : result;
}

Result send_nothing(const Making& m, int flags, int error) {
  const Result result = m.sockets.send(m.call.fd, {}, flags, nullptr, m.now);
  return result ? Result::failure(error) : result;
}

Result receive(const Making& m, int flags) {
  if (points_nowhere(m.call)) return receive_nowhere(m);
  return m.sockets.receive(m.call.fd, m.call.pieces, flags, m.pending, m.now);
}

Result send(const Making& m, int flags) {
  if (points_nowhere(m.call)) return send_nothing(m, flags, EFAULT);
  return m.sockets.send(m.call.fd, m.call.pieces, flags, m.pending, m.now);
}

Result send_message(const Making& m) {
  const int error = check_control(m.call.control);
  return error == 0 ? send(m, m.number(0)) : send_nothing(m, m.number(0), error);
}

Result read(const Making& m) {
  if (points_nowhere(m.call)) return receive_nowhere(m);
  return m.sockets.read(m.call.fd, m.call.pieces, m.pending, m.now);
}
Result write(const Making& m) { return send(m, 0); }
Result receive_with_flags(const Making& m) { return receive(m, m.number(0)); }
Result send_with_flags(const Making& m) { return send(m, m.number(0)); }

Result bind(const Making& m) {
  if (!m.call.has_address && m.call.address_length > 0) return Result::failure(EFAULT);
  return m.sockets.bind(m.call.fd, m.address(), m.call.address_length);
}

Result connect(const Making& m) {
  if (!m.call.has_address && m.call.address_length > 0) return Result::failure(EFAULT);
  return m.sockets.connect(m.call.fd, m.address(), m.call.address_length, m.pending, m.now);
}

Result store_name(const Making& m, Result (Sockets::*call)(int, SocketName&) const) {
  SocketName name;
  const Result result = (m.sockets.*call)(m.call.fd, name);
  m.call.address = name.address, m.call.address_length = name.length;
  return result;
}

Result ioctl(const Making& m) {
  int value = 0;
  std::memcpy(&value, m.call.option.data(), sizeof value);
  const Result result = m.sockets.ioctl(m.call.fd, static_cast<unsigned long>(m.call.number[0]), &value);
  std::memcpy(m.call.option.data(), &value, sizeof value);
  return result;
}

Result setsockopt(const Making& m) {
  if (m.call.option_is_null && m.call.option_length > 0) return Result::failure(EFAULT);
  return m.sockets.setsockopt(m.call.fd, m.number(0), m.number(1), m.call.option.data(), m.call.option_length, m.now);
}

Result getsockopt(const Making& m) {
  if (m.call.option_is_null) return Result::failure(EFAULT);
  return m.sockets.getsockopt(m.call.fd, m.number(0), m.number(1), m.call.option.data(), &m.call.option_length, m.now);
}

/// Leat's column of the call table. Null: Leat has no such call.
using Make = Result (*)(const Making&);
constexpr CallColumn<Make> kLeatCalls = {
    {CallName::accept, [](const Making& m) { return m.sockets.accept(m.call.fd, 0, m.pending, m.now); }},
    {CallName::accept4, [](const Making& m) { return m.sockets.accept(m.call.fd, m.number(0), m.pending, m.now); }},
    {CallName::bind, bind},
    {CallName::cap_set, nullptr},
    {CallName::close, [](const Making& m) { return m.sockets.close(m.call.fd, m.pending, m.now); }},
    {CallName::connect, connect},
    {CallName::epoll_create,
     [](const Making& m) { return m.number(0) <= 0 ? Result::failure(EINVAL) : m.sockets.epoll_create(0); }},
    {CallName::epoll_create1, [](const Making& m) { return m.sockets.epoll_create(m.number(0)); }},
    {CallName::epoll_ctl,
     [](const Making& m) {
       return m.sockets.epoll_ctl(m.call.fd, m.number(0), m.call.second_fd, m.call.epoll_events.data());
     }},
    {CallName::epoll_wait,
     [](const Making& m) {
       return m.sockets.epoll_wait(m.call.fd, m.call.epoll_events, timeout_of(m.call.number[1]), m.pending, m.now);
     }},
    {CallName::fcntl, [](const Making& m) { return m.sockets.fcntl(m.call.fd, m.number(0), m.call.number[1]); }},
    {CallName::getpeername, [](const Making& m) { return store_name(m, &Sockets::getpeername); }},
    {CallName::getsockname, [](const Making& m) { return store_name(m, &Sockets::getsockname); }},
    {CallName::getsockopt, getsockopt},
    {CallName::ioctl, ioctl},
    {CallName::listen, [](const Making& m) { return m.sockets.listen(m.call.fd, m.number(0), m.now); }},
    {CallName::open, nullptr},
    {CallName::pipe, nullptr},
    {CallName::poll,
     [](const Making& m) { return m.sockets.poll(m.call.polled, timeout_of(m.call.number[0]), m.pending, m.now); }},
    {CallName::read, read},
    {CallName::readv, read},
    {CallName::recv, receive_with_flags},
    {CallName::recvfrom, receive_with_flags},
    {CallName::recvmsg, receive_with_flags},
    {CallName::send, send_with_flags},
    {CallName::sendfile, nullptr},
    {CallName::sendmsg, send_message},
    {CallName::sendto, send_with_flags},
    {CallName::setsockopt, setsockopt},
    {CallName::shutdown, [](const Making& m) { return m.sockets.shutdown(m.call.fd, m.number(0), m.now); }},
    {CallName::socket, [](const Making& m) { return m.sockets.socket(m.number(0), m.number(1), m.number(2)); }},
    {CallName::splice, nullptr},
    {CallName::write, write},
    {CallName::writev, write},
};

/// True when the call has an argument of this kind.
bool takes(const SystemCall& call, Argument shape) {
  const auto& shapes = call_row(call.name).arguments;
  return std::find(shapes.begin(), shapes.end(), shape) != shapes.end();
}

void store_message(SystemCall& call, const MessageFacts& message) {
  if (!takes(call, Argument::received_message)) return;
  const WrittenControl written = write_control(message, static_cast<int>(call.number[0]), call.control);
  call.message_flags = written.flags, call.control_length = written.length;
}

void store(Sockets& sockets, SystemCall& call, const Result& result) {
  call.result = result.value, call.error = result.error;
  const bool accepted = call_row(call.name).returns_descriptor && takes(call, Argument::stored_address);
  if (!accepted || result.value < 0) return;
  SocketName name;
  static_cast<void>(sockets.accepted_name(static_cast<int>(result.value), name));
  call.address = name.address, call.address_length = name.length;
}

}  // namespace

Result begin_leat_call(Sockets& sockets, SystemCall& call, PendingCall* pending, Instant now) {
  const Result result = kLeatCalls[call.name]({sockets, call, pending, now});
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
  if (kLeatCalls[call.name] == nullptr) {
    return concat("Leat has no call ", call_row(call.name).name, ", nor others about files and processes");
  }
  if (call.name != CallName::socket) return std::nullopt;
  const auto number = [&](std::size_t i) { return static_cast<int>(call.number[i]); };
  const Result result = sockets.socket(number(0), number(1), number(2));
  if (result) static_cast<void>(sockets.close(static_cast<int>(result.value), nullptr, Instant{}));
  const bool lacks = result.error == EAFNOSUPPORT || result.error == EPROTONOSUPPORT || result.error == ESOCKTNOSUPPORT;
  if (!lacks) return std::nullopt;
  if (number(0) == AF_INET6) return std::string("Leat has no IPv6 sockets");
  if (number(2) == IPPROTO_MPTCP) return std::string("Leat has no MPTCP sockets");
  if ((number(1) & 0xf) == SOCK_DGRAM) return std::string("Leat has no UDP sockets");
  return concat("Leat has no sockets of domain ", number(0), ", type ", number(1), ", protocol ", number(2));
}

}  // namespace leat::drill
