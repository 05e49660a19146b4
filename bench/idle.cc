// bench/idle: the memory of an idle established connection. It opens 100,000 connections between two Stacks in the
// process, sends a byte in both directions on each, and divides the growth of resident memory by the 200,000 ends. For
// comparison it measures the growth of slab memory for 8,000 connections of the kernel on loopback.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "plain_device.h"
#include "stack/queue_host.h"
#include "stack/stack.h"

namespace {

using leat::Instant;
using leat::IpAddress;
using leat::SocketHandle;
using leat::Stack;

constexpr std::size_t kPorts = 8;  // a pair of addresses has only some 28,000 ephemeral ports for each
constexpr std::size_t kRound = 200;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "idle: %s\n", what);
  std::exit(1);
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  if (!(statm >> size >> resident)) fail("cannot read /proc/self/statm");
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

struct End {
  leat::QueueHost host;
  Stack& stack = host.stack();
  End(leat::BufferPool& pool, std::uint8_t number) : host({.seed = {number, 1}, .tcp = {}}, pool) {
    if (!host.attach(leat::bench::plain_interface(number))) fail("attach");
  }
};

class Pair {
 public:
  Pair() : client_(pool_, 1), server_(pool_, 2) {
    for (std::size_t i = 0; i < kPorts; ++i) {
      const auto listener = server_.stack.listen({IpAddress::any_v4(), static_cast<std::uint16_t>(80 + i)}, 4096);
      if (!listener) fail("listen");
      listeners_.push_back(*listener);
    }
  }

  /// Opens `count` connections, and sends a byte there and back on each.
  void open(std::size_t count) {
    for (std::size_t done = 0; done < count; done += kRound) {
      std::vector<SocketHandle> opened, accepted;
      for (std::size_t i = 0; i < kRound; ++i) {
        const auto port = static_cast<std::uint16_t>(80 + (done + i) % kPorts);
        const auto socket = client_.stack.connect({.remote = {IpAddress::v4(10, 0, 0, 2), port}}, now_);
        if (!socket) fail("connect");
        opened.push_back(*socket);
      }
      run();
      for (const SocketHandle listener : listeners_) {
        while (const auto socket = server_.stack.accept(listener)) accepted.push_back(*socket);
      }
      if (accepted.size() != kRound) fail("not every connection was accepted");
      exchange(client_.stack, opened, server_.stack, accepted);
      exchange(server_.stack, accepted, client_.stack, opened);
    }
    now_ += std::chrono::seconds(1);
    run();
  }

  std::size_t connections() const { return client_.stack.population().connections; }
  std::size_t buffers() const { return pool_.blocks_in_use(); }

 private:
  void exchange(Stack& from, const std::vector<SocketHandle>& writers, Stack& to,
                const std::vector<SocketHandle>& readers) {
    std::uint8_t byte = 7;
    for (const SocketHandle s : writers) {
      if (!from.write(s, {&byte, 1}, now_)) fail("write");
    }
    run();
    for (const SocketHandle s : readers) {
      if (to.read(s, {&byte, 1}, now_).value_or(0) != 1) fail("read");
    }
    run();
  }

  /// Exchanges packets until both are silent for longer than the retry of a lost SYN. Each exchange takes a
  /// millisecond.
  void run() {
    for (int quiet = 0; quiet < 1200;) {
      now_ += std::chrono::milliseconds(1);
      quiet = carry(client_, server_) + carry(server_, client_) > 0 ? 0 : quiet + 1;
    }
    while (client_.stack.next_event() || server_.stack.next_event()) {
    }
  }

  std::size_t carry(End& from, End& to) {
    std::size_t carried = 0;
    from.host.transmit(now_, [&](const leat::Packet& packet) {
      leat::Packet copy = leat::bench::received_copy(packet, pool_);
      if (copy.empty()) fail("no buffer");
      to.host.receive(std::move(copy), now_);
      ++carried;
    });
    return carried;
  }

  leat::BufferPool pool_;
  End client_, server_;
  std::vector<SocketHandle> listeners_;
  Instant now_{std::chrono::hours(1)};
};

/// A value of /proc/meminfo in bytes.
std::size_t kernel_slab() {
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);) {
    if (line.rfind("Slab:", 0) == 0) return std::strtoull(line.c_str() + 5, nullptr, 10) * 1024;
  }
  return 0;
}

/// Bytes of slab memory for each end. Nothing if it cannot be measured here.
std::optional<double> kernel_bytes(std::size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * count + 100) return std::nullopt;
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const auto generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, length) != 0 || ::listen(listener, 4096) != 0) return std::nullopt;
  ::getsockname(listener, generic, &length);
  std::vector<int> fds;
  const std::size_t before = kernel_slab();
  for (std::size_t i = 0; i < count; ++i) {
    fds.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    if (::connect(fds.back(), generic, length) != 0) break;
    fds.push_back(::accept(listener, nullptr, nullptr));
    char byte = 7;
    if (::write(fds[fds.size() - 2], &byte, 1) != 1 || ::read(fds.back(), &byte, 1) != 1) break;
  }
  const std::size_t after = kernel_slab();
  for (const int fd : fds) ::close(fd);
  ::close(listener);
  if (fds.size() != 2 * count || after <= before) return std::nullopt;
  return static_cast<double>(after - before) / static_cast<double>(fds.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  if (count < kRound || count % kRound != 0) fail("usage: idle [CONNECTIONS], a multiple of 200");
  constexpr std::size_t kKernel = 8000;
  const std::optional<double> kernel = kernel_bytes(kKernel);
  Pair pair;
  pair.open(kRound);  // allocates the shared memory: pools, tables, neighbours
  const std::size_t before = resident_bytes();
  pair.open(count);
  const double each = static_cast<double>(resident_bytes() - before) / static_cast<double>(2 * count);
  std::printf("leat    %.0f bytes of resident memory for each end of %zu idle connections; %zu buffers in use\n", each,
              pair.connections(), pair.buffers());
  if (kernel) {
    std::printf("kernel  %.0f bytes of slab for each end of %zu; leat takes %.2f of that\n", *kernel, kKernel,
                each / *kernel);
  } else {
    std::printf("kernel  not measured: it needs %zu open files\n", 2 * kKernel);
  }
  return each <= 1024 ? 0 : 1;
}
