#include "socket/sockets.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "socket/options.h"
#include "socket/socket_address.h"
#include "socket/socket_calls.h"

namespace leat {
namespace {

constexpr int kTypeFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
constexpr int kMostTypes = 11;       // the kernel's SOCK_MAX
constexpr int kMostProtocols = 263;  // its IPPROTO_MAX

/// 0, or what the kernel says of a socket that it cannot make.
int check_kind(int domain, int type, int protocol) {
  const int kind = type & ~kTypeFlags;
  if ((kind & ~0xf) != 0) return EINVAL;
  if (domain < 0 || domain >= AF_MAX) return EAFNOSUPPORT;
  if (kind < 0 || kind >= kMostTypes) return EINVAL;
  if (domain != AF_INET) return EAFNOSUPPORT;
  if (protocol < 0 || protocol >= kMostProtocols) return EINVAL;
  if (kind != SOCK_STREAM) return ESOCKTNOSUPPORT;
  return protocol == 0 || protocol == IPPROTO_TCP ? 0 : EPROTONOSUPPORT;
}

}  // namespace

Sockets::Sockets(Stack& stack, const SocketsConfig& config) : calls_(std::make_unique<SocketCalls>(stack, config)) {}
Sockets::~Sockets() = default;

// For the owner.

void Sockets::set_config(const SocketsConfig& config) { calls_->context().config = config; }

void Sockets::on_event(const Event& event, Instant now) {
  calls_->set_now(now);
  const auto& by_handle = calls_->context().by_handle;
  const auto found = by_handle.find(event.socket);
  if (found == by_handle.end()) return;
  StreamSocket& socket = *found->second;
  calls_->wake(*static_cast<File*>(socket.owner()), socket.on_event(event.bits));
}

Instant Sockets::next_deadline() const { return calls_->next_deadline(); }
void Sockets::run_timers(Instant now) { calls_->run_timers(now); }
PendingCall* Sockets::next_completed() { return calls_->pending().next_completed(); }
void Sockets::interrupt(PendingCall& call) { calls_->interrupt(call); }
void Sockets::abandon(PendingCall& call) { calls_->abandon(call); }
void Sockets::shut_down(int error) { calls_->shut_down(error); }

// Descriptors.

Result Sockets::socket(int domain, int type, int protocol) {
  if (const int error = check_kind(domain, type, protocol)) return Result::failure(error);
  File& file = calls_->create_file();
  file.socket = std::make_unique<StreamSocket>(calls_->context(), &file);
  if ((type & SOCK_NONBLOCK) != 0) file.flags |= O_NONBLOCK;
  return calls_->give_descriptor(file, (type & SOCK_CLOEXEC) != 0);
}

Result Sockets::close(int fd, PendingCall* call, Instant now) {
  calls_->set_now(now);
  File* file = calls_->table().remove(fd);
  if (file == nullptr) return Result::failure(EBADF);
  Result result;
  if (file->socket && file->references == 1 && call != nullptr && file->socket->begin_close(now).is_pending()) {
    PendingOperation operation(CallKind::close);
    operation.timeout = std::chrono::seconds(file->socket->options().linger_seconds);
    result = calls_->run(std::move(operation), *file, call);
  }
  calls_->release(*file);
  return result;
}

Result Sockets::fcntl(int fd, int command, std::int64_t argument) {
  DescriptorTable& table = calls_->table();
  File* file = table.find(fd);
  if (file == nullptr) return Result::failure(EBADF);
  switch (command) {
    case F_GETFL: return {file->flags};
    case F_SETFL: {
      constexpr int kCanChange = O_NONBLOCK | O_APPEND | O_NOATIME;
      if ((argument & O_DIRECT) != 0) return Result::failure(EINVAL);
      file->flags = (file->flags & ~kCanChange) | (static_cast<int>(argument) & kCanChange);
      return {};
    }
    case F_GETFD: return {table.close_on_exec(fd) ? FD_CLOEXEC : 0};
    case F_SETFD: table.set_close_on_exec(fd, (argument & FD_CLOEXEC) != 0); return {};
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: {
      if (argument < 0 || argument > INT32_MAX) return Result::failure(EINVAL);
      const expected<int, int> copy = table.add(*file, command == F_DUPFD_CLOEXEC, static_cast<int>(argument));
      if (!copy) return Result::failure(copy.error());
      ++file->references;
      return {*copy};
    }
    default: return Result::failure(EINVAL);
  }
}

Result Sockets::ioctl(int fd, unsigned long request, int* value) {
  File* file = calls_->table().find(fd);
  if (file == nullptr) return Result::failure(EBADF);
  if (request == FIONBIO) {
    file->flags = *value != 0 ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
    return {};
  }
  return file->socket ? file->socket->ioctl(request, value) : Result::failure(EINVAL);
}

// Options.

Result Sockets::setsockopt(int fd, int level, int name, const void* value, socklen_t length, Instant now) {
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  if (static_cast<int>(length) < 0) return Result::failure(EINVAL);
  StreamSocket& socket = *(*file)->socket;
  const OptionInput input{value, length};
  int error = ENOPROTOOPT;
  if (level == SOL_SOCKET) error = set_socket_option(socket, name, input);
  if (level == IPPROTO_TCP) error = set_tcp_option(socket, name, input, now);
  if (level == IPPROTO_IP) error = set_ip_option(socket, name, input);
  if (error == 0) error = socket.options_changed(now);
  if (error == 0 && level == SOL_SOCKET && name == SO_RCVLOWAT) {  // what is there may be enough now
    calls_->set_now(now);
    calls_->wake(**file, EPOLLIN | EPOLLRDNORM);
  }
  return error == 0 ? Result{} : Result::failure(error);
}

Result Sockets::getsockopt(int fd, int level, int name, void* value, socklen_t* length, Instant now) {
  const expected<File*, int> file = calls_->socket_file(fd);
  if (!file) return Result::failure(file.error());
  StreamSocket& socket = *(*file)->socket;
  const OptionOutput output{value, length};
  int error = EOPNOTSUPP;  // of a level that there is not; setsockopt() says it otherwise, as the kernel
  if (static_cast<int>(*length) < 0) return Result::failure(EINVAL);
  if (level == SOL_SOCKET) error = get_socket_option(socket, name, output);
  if (level == IPPROTO_TCP) error = get_tcp_option(socket, name, output, now);
  if (level == IPPROTO_IP) error = get_ip_option(socket, name, output);
  return error == 0 ? Result{} : Result::failure(error);
}

SocketHandle Sockets::handle(int fd) const {
  const expected<File*, int> file = calls_->socket_file(fd);
  return file ? (*file)->socket->handle() : SocketHandle{};
}

std::size_t Sockets::open_descriptors() const { return calls_->table().size(); }

}  // namespace leat
