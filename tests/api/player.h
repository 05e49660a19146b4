// Player: plays a case of the conformance suite on a set of socket calls, and records the result of each. The calls are
// the kernel's or Leat's. The records of both must be equal, except for cases about a difference.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <string>
#include <string_view>
#include <vector>

namespace leat::testing {

struct Calls {
  const char* name;
  int (*socket)(int, int, int);
  int (*bind)(int, const sockaddr*, socklen_t);
  int (*listen)(int, int);
  int (*accept4)(int, sockaddr*, socklen_t*, int);
  int (*connect)(int, const sockaddr*, socklen_t);
  int (*shutdown)(int, int);
  int (*close)(int);
  int (*dup)(int);
  int (*getsockname)(int, sockaddr*, socklen_t*);
  int (*getpeername)(int, sockaddr*, socklen_t*);
  ssize_t (*read)(int, void*, size_t);
  ssize_t (*readv)(int, const iovec*, int);
  ssize_t (*recv)(int, void*, size_t, int);
  ssize_t (*recvfrom)(int, void*, size_t, int, sockaddr*, socklen_t*);
  ssize_t (*recvmsg)(int, msghdr*, int);
  ssize_t (*write)(int, const void*, size_t);
  ssize_t (*writev)(int, const iovec*, int);
  ssize_t (*send)(int, const void*, size_t, int);
  ssize_t (*sendto)(int, const void*, size_t, int, const sockaddr*, socklen_t);
  ssize_t (*sendmsg)(int, const msghdr*, int);
  int (*setsockopt)(int, int, int, const void*, socklen_t);
  int (*getsockopt)(int, int, int, void*, socklen_t*);
  int (*fcntl)(int, int, long);
  int (*ioctl)(int, unsigned long, void*);
  int (*poll)(pollfd*, nfds_t, int);
  int (*select)(int, fd_set*, fd_set*, fd_set*, timeval*);
  int (*epoll_create1)(int);
  int (*epoll_ctl)(int, int, int, epoll_event*);
  int (*epoll_wait)(int, epoll_event*, int, int);
};
extern const Calls kKernelCalls, kLeatCalls;

class Player {
 public:
  explicit Player(const Calls& calls) : c(calls) {}
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;
  ~Player();  ///< closes all descriptors

  const Calls& c;
  const std::string& log() const { return log_; }

  /// Records "what=7" or "what=EINVAL", and returns the result.
  long say(std::string_view what, long result);
  void say(std::string_view what, const std::string& text);
  /// The same for descriptors, whose numbers are not recorded.
  int descriptor(std::string_view what, int fd);

  // Preparations. They are recorded only if they fail.
  int tcp(int flags = 0);
  int listener(int backlog = 8);
  struct Pair {
    int client, server, listener;
  };
  /// Makes a connection over loopback with two blocking ends.
  Pair pair();
  /// Makes a pair whose server has received the peer's FIN.
  Pair half_closed();
  /// Makes a pair whose server has received the client's RST.
  Pair reset();
  sockaddr_in here(std::uint16_t port = 0) const;  ///< 127.0.0.1
  sockaddr_in name(int fd);

  // Calls with recorded results.
  long bind(int fd, const sockaddr_in& in);
  long connect(int fd, const sockaddr_in& in);
  long listen(int fd, int backlog = 8) { return say("listen", c.listen(fd, backlog)); }
  int accept(int fd, int flags = 0) { return descriptor("accept", c.accept4(fd, nullptr, nullptr, flags)); }
  long shutdown(int fd, int how) { return say("shutdown", c.shutdown(fd, how)); }
  long close(int fd);
  long set(int fd, int level, int option, int value);
  long get(int fd, int level, int option);
  void set_get(int fd, int level, int option, int value);
  long send(int fd, std::string_view data, int flags = 0);
  void recv(int fd, std::size_t size = 100, int flags = 0);
  /// Polls POLLIN, POLLOUT, POLLPRI and POLLRDHUP without a wait.
  void events(int fd);
  long fcntl(int fd, int command, long argument = 0) { return say("fcntl", c.fcntl(fd, command, argument)); }
  void ioctl(int fd, unsigned long request);
  long ctl(int epoll, int operation, int fd, std::uint32_t events = 0);
  void epoll_events(int epoll, int most = 8);

  /// Polls until one of `events` occurs, for at most two seconds. A time-out is recorded.
  void until(int fd, short events);
  void nonblocking(int fd) { c.fcntl(fd, 4 /* F_SETFL */, 2048 /* O_NONBLOCK */); }

 private:
  int keep(int fd);

  std::string log_;
  std::vector<int> open_;
};

std::string poll_words(unsigned events);

struct Case {
  std::string name;
  void (*play)(Player&);
};
void add_descriptor_cases(std::vector<Case>& cases);
void add_connection_cases(std::vector<Case>& cases);
void add_data_cases(std::vector<Case>& cases);
void add_message_cases(std::vector<Case>& cases);
void add_option_cases(std::vector<Case>& cases);
void add_readiness_cases(std::vector<Case>& cases);

}  // namespace leat::testing
