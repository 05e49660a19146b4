// leat/posix.h: the calls that send and receive.
#include <pthread.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstring>

#include "leat/posix.h"
#include "posix/calls.h"

namespace leat::posix {
namespace {

constexpr std::size_t kMostBuffers = 1024;        // UIO_MAXIOV
constexpr std::size_t kMostControl = 128 * 1024;  // net.core.optmem_max

bool has_bad(std::span<const iovec> buffers) {
  return std::any_of(buffers.begin(), buffers.end(),
                     [](const iovec& v) { return v.iov_len > 0 && is_bad(v.iov_base); });
}

/// EINVAL for a length that the result cannot express, EFAULT for one that exceeds the address space.
int check_lengths(std::span<const iovec> buffers) {
  constexpr std::uint64_t kEnd = std::uint64_t{1} << 47;
  for (const iovec& v : buffers) {
    if (v.iov_len > static_cast<std::size_t>(SSIZE_MAX)) return EINVAL;
    if (v.iov_len > kEnd - std::min<std::uint64_t>(reinterpret_cast<std::uintptr_t>(v.iov_base), kEnd)) return EFAULT;
  }
  return 0;
}

/// Checks a vector of readv() and its variants. Returns an errno or 0.
int check_vector(const iovec* buffers, int count) {
  if (count < 0 || static_cast<std::size_t>(count) > kMostBuffers) return EINVAL;
  if (count > 0 && is_bad(buffers)) return EFAULT;
  return check_lengths({buffers, static_cast<std::size_t>(count)});
}

int check_message(const msghdr* message) {
  if (is_bad(message)) return EFAULT;
  if (message->msg_iovlen > kMostBuffers) return EMSGSIZE;
  return check_vector(message->msg_iov, static_cast<int>(message->msg_iovlen));
}

MutableBytes control_of(const msghdr& message) {
  if (is_bad(message.msg_control)) return {};
  return {static_cast<std::uint8_t*>(message.msg_control), message.msg_controllen};
}

ssize_t broken_pipe_raised(const Result& result, int flags) {
  if (result.error == EPIPE && (flags & MSG_NOSIGNAL) == 0) ::pthread_kill(::pthread_self(), SIGPIPE);
  return answer(result);
}

/// write(2) accepts files of all kinds, but an epoll instance cannot be written.
ssize_t written(Result result) {
  if (result.error == ENOTSOCK) result.error = EINVAL;
  return broken_pipe_raised(result, 0);
}

std::size_t cut(std::size_t size) { return std::min(size, static_cast<std::size_t>(INT_MAX) & ~std::size_t{4095}); }

}  // namespace

Result receive(int fd, std::span<const iovec> buffers, int flags, Kind kind, MessageFacts* message) {
  const bool bad = (flags & MSG_TRUNC) == 0 && has_bad(buffers);  // discarded data needs no memory
  const auto get = [&](Sockets& s, PendingCall& call, Instant now) {
    // The kernel detects bad memory when it copies data.
    const std::span<const iovec> used = bad ? std::span<const iovec>{} : buffers;
    return kind == Kind::file && !bad ? s.read(fd, used, &call, now) : s.receive(fd, used, flags, &call, now);
  };
  const Result result = on_host(get, message);
  if (!bad || !result) return result;
  int waiting = 0;
  on_host([&](Sockets& s, PendingCall&, Instant) { return s.ioctl(fd, FIONREAD, &waiting); });
  return waiting > 0 ? Result::failure(EFAULT) : result;
}

Result send(int fd, std::span<const iovec> buffers, int flags, int trouble) {
  if (trouble == 0 && has_bad(buffers)) trouble = EFAULT;
  const Result result = on_host([&](Sockets& s, PendingCall& call, Instant now) {
    return s.send(fd, trouble != 0 ? std::span<const iovec>{} : buffers, flags, &call, now);
  });
  return trouble != 0 && result ? Result::failure(trouble) : result;
}

}  // namespace leat::posix

using namespace leat;
using namespace leat::posix;

ssize_t leat_read(int fd, void* buffer, size_t size) {
  const iovec v{buffer, cut(size)};
  return answer(receive(fd, {&v, 1}, 0, Kind::file));
}

ssize_t leat_readv(int fd, const iovec* buffers, int count) {
  if (const int error = check_vector(buffers, count)) return answer(after_descriptor(fd, error));
  return answer(receive(fd, {buffers, static_cast<std::size_t>(count)}, 0, Kind::file));
}

ssize_t leat_recv(int fd, void* buffer, size_t size, int flags) {
  const iovec v{buffer, cut(size)};
  return answer(receive(fd, {&v, 1}, flags, Kind::socket));
}

ssize_t leat_recvfrom(int fd, void* buffer, size_t size, int flags, sockaddr* address, socklen_t* length) {
  const ssize_t n = leat_recv(fd, buffer, size, flags);
  if (n < 0 || address == nullptr) return n;
  if (is_bad(length)) return answer(Result::failure(EFAULT));
  *length = 0;  // a stream returns no address with its data
  return n;
}

ssize_t leat_recvmsg(int fd, msghdr* message, int flags) {
  if (const int error = check_message(message)) return answer(after_descriptor(fd, error));
  MessageFacts facts;
  const Result result = receive(fd, {message->msg_iov, message->msg_iovlen}, flags, Kind::socket, &facts);
  if (!result) return answer(result);
  const WrittenControl written = write_control(facts, flags, control_of(*message));
  message->msg_flags = written.flags;
  message->msg_namelen = 0;
  message->msg_controllen = written.length;
  return answer(result);
}

ssize_t leat_write(int fd, const void* buffer, size_t size) {
  const iovec v{const_cast<void*>(buffer), cut(size)};
  return written(send(fd, {&v, 1}, 0));
}

ssize_t leat_writev(int fd, const iovec* buffers, int count) {
  if (const int error = check_vector(buffers, count)) return answer(after_descriptor(fd, error));
  return written(send(fd, {buffers, static_cast<std::size_t>(count)}, 0));
}

ssize_t leat_send(int fd, const void* buffer, size_t size, int flags) {
  const iovec v{const_cast<void*>(buffer), cut(size)};
  return broken_pipe_raised(send(fd, {&v, 1}, flags), flags);
}

ssize_t leat_sendto(int fd, const void* buffer, size_t size, int flags, const sockaddr* address, socklen_t length) {
  if (address != nullptr && length > sizeof(sockaddr_storage)) return answer(after_descriptor(fd, EINVAL));
  if (address != nullptr && length > 0 && is_bad(address)) return answer(after_descriptor(fd, EFAULT));
  return leat_send(fd, buffer, size, flags);
}

ssize_t leat_sendmsg(int fd, const msghdr* message, int flags) {
  if (const int error = check_message(message)) return answer(after_descriptor(fd, error));
  if (message->msg_controllen > kMostControl) return answer(after_descriptor(fd, ENOBUFS));
  if (message->msg_controllen > 0 && is_bad(message->msg_control)) return answer(after_descriptor(fd, EFAULT));
  const int trouble = check_control(control_of(*message));
  return broken_pipe_raised(send(fd, {message->msg_iov, message->msg_iovlen}, flags, trouble), flags);
}
