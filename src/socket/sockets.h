// Sockets: Linux's socket calls over a Stack, without a clock, a thread or a system call. Descriptors, options, errno,
// readiness, poll, select, epoll and blocking as on Linux; what differs is in docs/kernel-differences.md.
//
// Its owner is the Stack's owner, and drives both: after anything that may have made events it gives each
// Stack::next_event() to on_event(); it calls run_timers() when next_deadline() has come; and it takes what is
// complete from next_completed(). Sockets never transmits: the owner calls Stack::transmit as ever.
// `leat drill` is such an owner in virtual time; src/posix one on a thread of its own.
//
// Calls mean what the manual pages say. `now` is the time; a null `call` means that nothing blocks (as with
// O_NONBLOCK), else see pending_call.h. Pointers are not checked (EFAULT is the caller's to find), lengths are.
// SIGPIPE is the caller's, too: it is due when a send without MSG_NOSIGNAL ends with EPIPE.
// Constants and layouts are those of the Linux headers included here.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "leat/event.h"
#include "leat/tcp_settings.h"
#include "leat/time.h"
#include "socket/pending_call.h"
#include "stack/stack.h"

namespace leat {

/// The system's side: what Linux has in /proc/sys/net and in limits.
struct SocketsConfig {
  /// What a new socket begins with; as the Stack's. But what a socket of Linux's begins without is off whatever this
  /// says: oob_inline, and keep_alive, which gives the times of SO_KEEPALIVE.
  TcpSettings tcp{};
  int somaxconn = 4096;
  int rmem_default = 131072, wmem_default = 16384;     ///< what SO_RCVBUF and SO_SNDBUF say unless set
  int rmem_max = 212992, wmem_max = 212992;            ///< what they can be set to, before doubling
  int first_descriptor = 3;                            ///< so that 0, 1 and 2 mean no socket
  std::size_t max_descriptors = std::size_t{1} << 20;  ///< EMFILE beyond
};

/// A name of a socket: struct sockaddr_in, with the length that the kernel gives for it.
struct SocketName {
  sockaddr_storage address{};
  socklen_t length = 0;
};

class Sockets {
 public:
  /// `stack` outlives it.
  Sockets(Stack& stack, const SocketsConfig& config);
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  /// Silent. Calls that wait are abandoned.
  ~Sockets();

  // For the owner.
  /// Sockets that are made from now on begin with these settings (a sysctl that changes while the system runs).
  void set_config(const SocketsConfig& config);
  void on_event(const Event& event, Instant now);
  /// When run_timers must be called even if nothing else happens; kNever when nothing waits for a time.
  Instant next_deadline() const;
  void run_timers(Instant now);
  /// A call that waited and is complete, in the order of completion; null when there is none.
  PendingCall* next_completed();
  /// A signal: the call ends at once, with what it has done or with EINTR. Does nothing unless it waits.
  void interrupt(PendingCall& call);
  /// The caller is gone: the call ends, and next_completed() will not name it.
  void abandon(PendingCall& call);
  /// No network any more: every call that waits ends with `error`, and so does every later one that would wait.
  void shut_down(int error);

  // Descriptors.
  /// The lowest free number. AF_INET and SOCK_STREAM, with SOCK_NONBLOCK and SOCK_CLOEXEC.
  Result socket(int domain, int type, int protocol);
  /// Blocks only with SO_LINGER. The descriptor is free at once, even then.
  Result close(int fd, PendingCall* call, Instant now);
  /// F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD, F_DUPFD_CLOEXEC.
  Result fcntl(int fd, int command, std::int64_t argument);
  /// FIONREAD, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK (out), FIONBIO (in).
  Result ioctl(int fd, unsigned long request, int* value);

  // Connections.
  Result bind(int fd, const sockaddr* address, socklen_t length);
  Result listen(int fd, int backlog, Instant now);
  /// Of the flags only SOCK_NONBLOCK and SOCK_CLOEXEC. The peer's name: accepted_name() of the new descriptor.
  Result accept(int fd, int flags, PendingCall* call, Instant now);
  Result connect(int fd, const sockaddr* address, socklen_t length, PendingCall* call, Instant now);
  Result shutdown(int fd, int how, Instant now);
  Result getsockname(int fd, SocketName& name) const;
  Result getpeername(int fd, SocketName& name) const;
  /// As getpeername, but also when the connection is over already: accept() tells the name even then.
  Result accepted_name(int fd, SocketName& name) const;

  // Data. `buffers` and what they point at live until the call is complete.
  Result send(int fd, std::span<const iovec> buffers, int flags, PendingCall* call, Instant now);
  Result receive(int fd, std::span<const iovec> buffers, int flags, PendingCall* call, Instant now);
  /// As receive without flags, but done at once when it asks for nothing, as read(2) and unlike recv(2).
  Result read(int fd, std::span<const iovec> buffers, PendingCall* call, Instant now);

  // Options: one file for each level, src/socket/options_*.cc.
  Result setsockopt(int fd, int level, int name, const void* value, socklen_t length, Instant now);
  /// `length` as the kernel's: room before, size after. Clears the error with SO_ERROR.
  Result getsockopt(int fd, int level, int name, void* value, socklen_t* length, Instant now);

  // Readiness. No timeout: for ever; zero or no `call`: at once.
  Result poll(std::span<pollfd> fds, std::optional<Duration> timeout, PendingCall* call, Instant now);
  /// Sets may be null; they are FD_SETSIZE bits wide.
  struct SelectSets {
    fd_set *read = nullptr, *write = nullptr, *except = nullptr;
  };
  Result select(int nfds, const SelectSets& sets, std::optional<Duration> timeout, PendingCall* call, Instant now);
  Result epoll_create(int flags);  ///< EPOLL_CLOEXEC
  Result epoll_ctl(int epoll, int operation, int fd, const epoll_event* event);
  Result epoll_wait(int epoll, std::span<epoll_event> events, std::optional<Duration> timeout, PendingCall* call,
                    Instant now);

  /// The Stack's socket behind a descriptor; none while it is neither listening nor connected.
  SocketHandle handle(int fd) const;
  /// How many descriptors are open.
  std::size_t open_descriptors() const;

 private:
  std::unique_ptr<class SocketCalls> calls_;
};

}  // namespace leat
