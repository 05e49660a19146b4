// How a StreamSocket gets and loses its connection: bind, listen, accept, connect, shutdown, close.
#include <cstring>

#include "socket/errno_of.h"
#include "socket/socket_address.h"
#include "socket/stream_socket.h"

namespace leat {

Result StreamSocket::bind(const sockaddr* address, socklen_t length) {
  if (length < sizeof(sockaddr_in) || length > sizeof(sockaddr_storage)) return Result::failure(EINVAL);
  // Linux: an unspecified family does, for the unspecified address.
  sockaddr_in in;
  std::memcpy(&in, address, sizeof in);
  if (in.sin_family == AF_UNSPEC && in.sin_addr.s_addr == INADDR_ANY) in.sin_family = AF_INET;
  const expected<Endpoint, int> endpoint = endpoint_from(reinterpret_cast<const sockaddr*>(&in), sizeof in);
  if (!endpoint) return Result::failure(endpoint.error());
  const IpAddress& host = endpoint->address;
  if (!host.is_unspecified() && !context_.stack.is_local(host) && !options_.free_bind) {
    return Result::failure(EADDRNOTAVAIL);
  }
  if (stage() != Stage::closed || bound_) return Result::failure(EINVAL);
  const expected<SocketHandle, Error> bound = context_.stack.bind(*endpoint, sharing);
  if (!bound) return Result::failure(errno_of(bound.error()));
  bound_ = *bound;
  local_ = context_.stack.local(bound_).value_or(*endpoint);
  port_locked_ = endpoint->port != 0;
  address_locked_ = !host.is_unspecified();
  return {};
}

Result StreamSocket::listen(int backlog, Instant now) {
  if (phase_ != Phase::unconnected) return Result::failure(EINVAL);
  const unsigned length = std::min(static_cast<unsigned>(backlog), static_cast<unsigned>(context_.config.somaxconn));
  const Stage at = stage();
  if (at == Stage::listening) {
    static_cast<void>(context_.stack.set_backlog(handle_, length));
    return {};
  }
  if (at != Stage::closed) return Result::failure(EINVAL);
  if (!bound_) {
    const expected<SocketHandle, Error> bound = context_.stack.bind({local_.address, 0}, sharing);
    if (!bound) return Result::failure(errno_of(bound.error()));
    bound_ = *bound;
    local_ = context_.stack.local(bound_).value_or(local_);
  }
  drop_handle(now);
  const expected<SocketHandle, Error> handle = context_.stack.listen(bound_, length, stack_options());
  if (!handle) {
    if (!port_locked_) unbind(now);
    return Result::failure(errno_of(handle.error()));
  }
  listening_ = true;
  shutdown_ = 0;
  take_handle(*handle);
  return {};
}

Result StreamSocket::accept(SocketHandle& child) {
  if (!listening_) return Result::failure(EINVAL);
  const expected<SocketHandle, Error> accepted = context_.stack.accept(handle_);
  if (!accepted) {
    return accepted.error() == Error::would_block ? Result::pending() : Result::failure(errno_of(accepted.error()));
  }
  child = *accepted;
  return {};
}

void StreamSocket::adopt(SocketHandle child, const StreamSocket& listener) {
  options_ = listener.options_;
  sharing = listener.sharing;
  take_handle(child);
  phase_ = Phase::connected;
  local_ = context_.stack.local(child).value_or(local_);
  remote_ = context_.stack.remote(child).value_or(remote_);
  absorb(context_.stack.readiness(child));
}

Result StreamSocket::connect(const sockaddr* address, socklen_t length, Instant now) {
  const expected<sa_family_t, int> family = family_of(address, length);
  if (!family) return Result::failure(family.error());
  if (*family == AF_UNSPEC) {
    disconnect(now);
    return {};
  }
  if (phase_ == Phase::connected) return Result::failure(EISCONN);
  if (phase_ == Phase::connecting) {
    return stage() == Stage::connecting ? Result::failure(EALREADY) : Result{};
  }
  if (stage() != Stage::closed) return Result::failure(EISCONN);
  expected<Endpoint, int> to = endpoint_from(address, length);
  if (!to) return Result::failure(to.error());
  if (to->address.is_unspecified()) {  // Linux: this host
    to->address = local_.address.is_unspecified() ? IpAddress::v4(127, 0, 0, 1) : local_.address;
  }
  if (to->address.is_multicast() || to->address.is_limited_broadcast()) return Result::failure(ENETUNREACH);

  ConnectRequest request;
  request.remote = *to;
  request.bound = bound_;
  request.sharing = sharing;
  request.options = stack_options();
  const expected<SocketHandle, Error> handle = context_.stack.connect(request, now);
  if (!handle) {
    const bool taken = handle.error() == Error::address_in_use;  // the pair of endpoints is: Linux names it so
    return Result::failure(taken ? EADDRNOTAVAIL : errno_of(handle.error()));
  }
  take_handle(*handle);
  error_ = 0;
  phase_ = Phase::connecting;
  remote_ = *to;
  local_ = context_.stack.local(*handle).value_or(local_);
  return {};
}

Result StreamSocket::connect_result(Instant now) {
  const Stage at = stage();
  if (at == Stage::connecting) return Result::pending();
  if (at == Stage::closed) {
    absorb(handle_ ? context_.stack.readiness(handle_) : std::uint16_t{0});
    const int why = take_error();
    disconnect(now);
    return Result::failure(why != 0 ? why : ECONNABORTED);
  }
  phase_ = Phase::connected;
  return {};
}

/// As the kernel's tcp_disconnect: the socket is as new, but for its options and what bind() gave it.
void StreamSocket::disconnect(Instant now) {
  const TcpState state = tcp_info().value_or(TcpInfo{}).state;
  if (!std::exchange(listening_, false) && state != TcpState::closed && state != TcpState::time_wait) {
    error_ = ECONNRESET;
    if (state != TcpState::syn_sent) static_cast<void>(context_.stack.abort(handle_, now));
  }
  drop_handle(now);
  if (!port_locked_) unbind(now);  // as the kernel: getsockname() goes on naming it
  if (!address_locked_) local_.address = IpAddress::any_v4();
  phase_ = Phase::unconnected;
  shutdown_ = 0;
  done_ = failed_ = false;
  remote_ = {IpAddress::any_v4(), 0};
}

Result StreamSocket::shutdown(int how, Instant now) {
  if (how < SHUT_RD || how > SHUT_RDWR) return Result::failure(EINVAL);
  const auto bits = static_cast<std::uint8_t>(how + 1);
  switch (stage()) {
    case Stage::listening:
      if ((bits & kReceiveShut) != 0) disconnect(now);
      return {};
    case Stage::connecting:
      // After a simultaneous open the FIN waits for the handshake, as in Linux's tcp_shutdown().
      if (tcp_info().value_or(TcpInfo{}).state == TcpState::syn_received) break;
      disconnect(now);
      return {};
    case Stage::closed: shutdown_ |= bits; return Result::failure(ENOTCONN);
    case Stage::open: break;
  }
  if ((bits & kSendShut) != 0 && (shutdown_ & kSendShut) == 0) {
    static_cast<void>(context_.stack.shutdown_write(handle_, now));
  }
  shutdown_ |= bits;
  return {};
}

// The end.

Result StreamSocket::begin_close(Instant now) {
  const bool waits = options_.linger && options_.linger_seconds > 0 && stage() == Stage::open && queued().readable == 0;
  if (!waits) return {};
  static_cast<void>(context_.stack.shutdown_write(handle_, now));
  shutdown_ = kBothShut;
  return linger_result();
}

Result StreamSocket::linger_result() const {
  const TcpState state = tcp_info().value_or(TcpInfo{}).state;
  const bool waits = state == TcpState::fin_wait_1 || state == TcpState::closing || state == TcpState::last_ack;
  return waits ? Result::pending() : Result{};
}

void StreamSocket::release(Instant now) {
  const bool resets = options_.linger && options_.linger_seconds == 0 && !listening_;
  if (resets && handle_) static_cast<void>(context_.stack.abort(handle_, now));
  listening_ = false;
  drop_handle(now);
  unbind(now);
}

}  // namespace leat
