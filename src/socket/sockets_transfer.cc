// Sockets: connections and their data.
#include "socket/socket_address.h"
#include "socket/socket_calls.h"
#include "socket/sockets.h"

namespace leat {
namespace {

/// Null where the call must not block.
PendingCall* unless_nonblocking(const File& file, int flags, PendingCall* call) {
  return file.is_nonblocking() || (flags & MSG_DONTWAIT) != 0 ? nullptr : call;
}

Result name_of(const Endpoint& endpoint, SocketName& name) {
  name = name_from(endpoint);
  return {};
}

}  // namespace

Result Sockets::bind(int fd, const sockaddr* address, socklen_t length) {
  const expected<File*, int> file = calls_->socket_file(fd);
  return file ? (*file)->socket->bind(address, length) : Result::failure(file.error());
}

Result Sockets::listen(int fd, int backlog, Instant now) {
  calls_->set_now(now);
  const expected<File*, int> file = calls_->socket_file(fd);
  return file ? (*file)->socket->listen(backlog, now) : Result::failure(file.error());
}

Result Sockets::accept(int fd, int flags, PendingCall* call, Instant now) {
  calls_->set_now(now);
  File* any = calls_->table().find(fd);
  if (any != nullptr && (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return Result::failure(EINVAL);
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  PendingOperation operation(CallKind::accept);
  operation.flags = flags;
  operation.would_block = EAGAIN;
  operation.timeout = (*file)->socket->options().receive_timeout;
  return calls_->run(std::move(operation), **file, unless_nonblocking(**file, 0, call));
}

Result Sockets::connect(int fd, const sockaddr* address, socklen_t length, PendingCall* call, Instant now) {
  calls_->set_now(now);
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  StreamSocket& socket = *(*file)->socket;
  const Result begun = socket.connect(address, length, now);
  const bool again = begun.error == EALREADY;
  if (!begun && !again) return begun;
  const expected<sa_family_t, int> family = family_of(address, length);
  if (family && *family == AF_UNSPEC) {
    calls_->wake(**file, 0);
    return {};
  }
  PendingOperation operation(CallKind::connect);
  operation.would_block = again ? EALREADY : EINPROGRESS;
  operation.timeout = socket.options().send_timeout;
  return calls_->run(std::move(operation), **file, unless_nonblocking(**file, 0, call));
}

Result Sockets::shutdown(int fd, int how, Instant now) {
  calls_->set_now(now);
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  const Result result = (*file)->socket->shutdown(how, now);
  if (result.error != EINVAL) calls_->wake(**file, 0);
  return result;
}

Result Sockets::getsockname(int fd, SocketName& name) const {
  const expected<File*, int> file = calls_->socket_file(fd);
  return file ? name_of((*file)->socket->local(), name) : Result::failure(file.error());
}

Result Sockets::getpeername(int fd, SocketName& name) const {
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  const StreamSocket& socket = *(*file)->socket;
  return socket.has_peer() ? name_of(socket.remote(), name) : Result::failure(ENOTCONN);
}

Result Sockets::accepted_name(int fd, SocketName& name) const {
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  const Endpoint& remote = (*file)->socket->remote();
  return remote.port != 0 ? name_of(remote, name) : Result::failure(ENOTCONN);
}

// Data.

Result Sockets::send(int fd, std::span<const iovec> buffers, int flags, PendingCall* call, Instant now) {
  calls_->set_now(now);
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  if ((flags & MSG_FASTOPEN) != 0) return Result::failure(EOPNOTSUPP);
  PendingOperation operation(CallKind::send);
  operation.cursor = IoCursor(buffers);
  operation.flags = flags;
  operation.would_block = EAGAIN;
  operation.timeout = (*file)->socket->options().send_timeout;
  return calls_->run(std::move(operation), **file, unless_nonblocking(**file, flags, call));
}

Result Sockets::receive(int fd, std::span<const iovec> buffers, int flags, PendingCall* call, Instant now) {
  calls_->set_now(now);
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  if ((flags & MSG_ERRQUEUE) != 0) return Result::failure(EAGAIN);
  PendingOperation operation(CallKind::receive);
  operation.cursor = IoCursor(buffers);
  operation.flags = flags;
  operation.would_block = EAGAIN;
  operation.timeout = (*file)->socket->options().receive_timeout;
  // Not without the call: it takes the message flags.
  if (unless_nonblocking(**file, flags, call) == nullptr) operation.timeout = Duration::zero();
  return calls_->run(std::move(operation), **file, call);
}

Result Sockets::read(int fd, std::span<const iovec> buffers, PendingCall* call, Instant now) {
  const File* file = calls_->table().find(fd);
  if (file != nullptr && !file->socket) return Result::failure(EINVAL);
  if (file != nullptr && IoCursor(buffers).total() == 0) return {};
  return receive(fd, buffers, 0, call, now);
}

}  // namespace leat
