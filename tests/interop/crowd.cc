#include "crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <vector>

namespace leat::interop {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kCrowdLimit{200};
constexpr std::size_t kAtOnce = 50, kInFlight = 400;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }
[[noreturn]] void fail_plainly(const std::string& what) { throw std::runtime_error(what); }

void allow_open_files(std::size_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (limit.rlim_max < wanted || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    fail_plainly("only " + std::to_string(limit.rlim_max) + " files may be open; see ulimit -Hn");
  }
}

/// Non-blocking sockets, and their epoll instance.
class Sockets {
 public:
  explicit Sockets(const Crowd& crowd) : epoll_(::epoll_create1(EPOLL_CLOEXEC)), deadline_(Clock::now() + kCrowdLimit) {
    to_.sin_family = AF_INET;
    to_.sin_port = htons(crowd.port);
    ::inet_pton(AF_INET, crowd.address.c_str(), &to_.sin_addr);
  }

  /// Starts to connect. wait() names the socket by `id`.
  int open(std::size_t id) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    const int syns = 12;  // a loaded machine loses many SYNs in full queues, and the default of 6 is used up after 11 s
    ::setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &syns, sizeof syns);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to_), sizeof to_) != 0 && errno != EINPROGRESS)
      fail("connect");
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLOUT | EPOLLET;
    wanted.data.u64 = id;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted) != 0) fail("epoll_ctl");
    return fd;
  }

  /// Waits for events and calls `on_ready(id)` for their sockets.
  void wait(const std::function<void(std::size_t)>& on_ready, const std::function<std::string()>& story) {
    std::array<epoll_event, 256> events;
    const int n = ::epoll_wait(epoll_, events.data(), events.size(), 1000);
    if (n < 0 && errno != EINTR) fail("epoll_wait");
    if (Clock::now() > deadline_) fail_plainly("not over in time: " + story());
    for (int i = 0; i < n; ++i) on_ready(events[static_cast<std::size_t>(i)].data.u64);
  }

 private:
  sockaddr_in to_{};
  int epoll_;
  const Clock::time_point deadline_;
};

/// A connection that sends `out` and has received `in`.
struct Caller {
  int fd = -1;
  std::string out, in;
  std::size_t sent = 0;
  bool half_closes = false;
  bool ended = false;  ///< the server has closed its side

  void send() {
    while (sent < out.size()) {
      const ssize_t n = ::send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && (errno == EAGAIN || errno == EINPROGRESS)) return;
      if (n < 0) fail("send");
      sent += static_cast<std::size_t>(n);
      if (sent == out.size() && half_closes) ::shutdown(fd, SHUT_WR);
    }
  }
  void receive() {
    std::array<char, 8192> block;
    for (;;) {
      const ssize_t n = ::recv(fd, block.data(), block.size(), 0);
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) fail("recv");
      if (n == 0) {
        ended = true;
        return;
      }
      in.append(block.data(), static_cast<std::size_t>(n));
    }
  }
};

/// The message of a connection in a round: 1 to 3,000 bytes, all different.
std::string message_of(std::size_t id, unsigned round) {
  std::string text = std::to_string(id) + "/" + std::to_string(round) + " ";
  const std::size_t size = 1 + (id * 37 + round * 1009) % 3000;
  while (text.size() < size) text += text;
  text.resize(std::max<std::size_t>(size, 1));
  return text;
}

class EchoCrowd {
 public:
  explicit EchoCrowd(const Crowd& crowd) : sockets_(crowd), callers_(crowd.connections) {}

  void run() {
    round(1);
    (void)!::write(2, "open\n", 5);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGUSR1);
    int which = 0;
    ::sigwait(&set, &which);
    round(2);
    end();
    for (const Caller& caller : callers_) {
      if (caller.in != caller.out) fail_plainly("bytes that nobody sent came back");
      ::close(caller.fd);
    }
  }

 private:
  /// Handles a few hundred connections at a time. The queues between the ends hold about a thousand frames, and a test
  /// that overflows them would test only the queues.
  template <class Begin, class IsDone>
  void all(const char* what, Begin begin, IsDone is_done_after) {
    std::size_t begun = 0, done = 0;
    std::vector<bool> is_done(callers_.size());
    const auto note = [&](std::size_t id, bool now) {
      if (now && !is_done[id]) is_done[id] = true, ++done;
    };
    while (done < callers_.size()) {
      while (begun < callers_.size() && begun - done < kInFlight) {
        const std::size_t id = begun++;
        note(id, begin(id));
      }
      sockets_.wait([&](std::size_t id) { note(id, is_done_after(callers_[id], id) && id < begun); },
                    [&] { return std::to_string(done) + " " + what; });
    }
  }

  void round(unsigned number) {
    const auto begin = [&](std::size_t id) {
      Caller& caller = callers_[id];
      caller.out = message_of(id, number), caller.sent = 0;
      caller.in.clear();
      caller.half_closes = number == 2 && id % 2 == 0;
      if (number == 1) caller.fd = sockets_.open(id);
      if (number == 2) caller.send();
      return false;
    };
    all("were answered", begin, [](Caller& caller, std::size_t id) {
      caller.send();
      caller.receive();
      if (caller.ended && !caller.half_closes) fail_plainly("the server has ended one");
      if (caller.in.size() > caller.out.size() || caller.out.compare(0, caller.in.size(), caller.in) != 0) {
        fail_plainly("something else came back to " + std::to_string(id));
      }
      return caller.in.size() == caller.out.size();
    });
  }

  /// Waits until the server has closed its side too.
  void end() {
    const auto begin = [&](std::size_t id) {
      Caller& caller = callers_[id];
      if (!caller.half_closes) ::shutdown(caller.fd, SHUT_WR);
      return caller.ended;
    };
    all("have ended", begin, [](Caller& caller, std::size_t) {
      caller.receive();
      return caller.ended;
    });
  }

  Sockets sockets_;
  std::vector<Caller> callers_;
};

int run(const std::function<void()>& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "crowd: %s\n", failure.what());
    return 1;
  }
}

}  // namespace

int echo_at_once(const Crowd& crowd) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return run([&] {
    allow_open_files(crowd.connections + 100);
    EchoCrowd(crowd).run();
  });
}

int fetch_in_turn(const Crowd& crowd, const std::string& expected) {
  return run([&] {
    std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
    range << "40000 40999";
    if (!range.flush()) fail("ip_local_port_range");
    Sockets sockets(crowd);
    std::vector<Caller> callers(kAtOnce);
    std::size_t opened = 0, ended = 0;
    const auto open = [&](std::size_t id) {
      if (opened == crowd.connections) return;
      callers[id] = {};
      callers[id].out = "GET / HTTP/1.0\r\n\r\n";
      callers[id].fd = sockets.open(id);
      ++opened;
    };
    for (std::size_t id = 0; id < callers.size(); ++id) open(id);
    while (ended < crowd.connections) {
      sockets.wait(
          [&](std::size_t id) {
            Caller& caller = callers[id];
            caller.send();
            if (caller.sent > 0) caller.receive();
            if (!caller.ended) return;
            if (caller.in != expected) fail_plainly(std::to_string(caller.in.size()) + " other bytes came");
            ::close(caller.fd);
            ++ended;
            open(id);
          },
          [&] { return std::to_string(ended) + " have ended"; });
    }
  });
}

}  // namespace leat::interop
