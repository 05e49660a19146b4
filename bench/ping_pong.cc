// bench/ping_pong: round trips of one byte on the kernel's TCP, optionally with idle connections.
//   ping_pong ADDRESS PORT SECONDS sleep|spin [IDLE]
//       prints the median and the 99th percentile in microseconds, and round trips per second
//   ping_pong serve PORT
//       echo server for it: a process that sleeps until data arrives
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in endpoint(const char* address, const char* port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (::inet_pton(AF_INET, address, &at.sin_addr) != 1) fail("no address");
  return at;
}

int new_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) fail("socket");
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

int connect_to(const sockaddr_in& to) {
  const int fd = new_socket();
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
  return fd;
}

void round_trip(int fd, bool spin = false) {
  char byte = 'x';
  if (::send(fd, &byte, 1, 0) != 1) fail("send");
  ssize_t n = 0;
  do {
    n = ::recv(fd, &byte, 1, spin ? MSG_DONTWAIT : 0);
  } while (n < 0 && errno == EAGAIN);
  if (n != 1) fail("recv");
}

/// An idle connection. It ends by a RST, because ten thousand TIME-WAITs would hold their ports for a minute.
void open_idle(const sockaddr_in& to) {
  const int fd = connect_to(to);
  const linger none{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  round_trip(fd);
}

void allow_files(rlim_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max(limit.rlim_cur, count);
  limit.rlim_max = std::max(limit.rlim_max, count);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("open files");
}

void ping_pong(const sockaddr_in& to, double seconds, bool spin, int idle) {
  allow_files(static_cast<rlim_t>(idle) + 100);
  for (int i = 0; i < idle; ++i) open_idle(to);
  const int fd = connect_to(to);
  std::vector<double> times;
  for (const auto end = Clock::now() + std::chrono::duration<double>(seconds); Clock::now() < end;) {
    const auto begin = Clock::now();
    round_trip(fd, spin);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%.2f %.2f %.0f\n", times[times.size() / 2], times[times.size() * 99 / 100],
              static_cast<double>(times.size()) / seconds);
}

[[noreturn]] void serve(const sockaddr_in& at) {
  const int listener = new_socket(), on = 1;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 16) != 0) {
    fail("listen");
  }
  for (;;) {
    const int fd = ::accept(listener, nullptr, nullptr);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char block[4096];
    for (ssize_t n; (n = ::recv(fd, block, sizeof block, 0)) > 0;) {
      if (::send(fd, block, static_cast<std::size_t>(n), 0) != n) break;
    }
    ::close(fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "serve") serve(endpoint("0.0.0.0", argv[2]));
  if (argc < 5) {
    std::fprintf(stderr, "usage: ping_pong ADDRESS PORT SECONDS sleep|spin [IDLE] | ping_pong serve PORT\n");
    return 2;
  }
  ping_pong(endpoint(argv[1], argv[2]), std::atof(argv[3]), std::string_view(argv[4]) == "spin",
            argc > 5 ? std::atoi(argv[5]) : 0);
}
