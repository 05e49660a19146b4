// TwoHosts: Sockets on two Stacks that are joined by a wire in virtual time, for tests. Packets take 1 ms; a filter may
// lose them.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "socket/sockets.h"
#include "stack/queue_host.h"

namespace leat::testing {

using namespace std::chrono_literals;

class TwoHosts {
 public:
  static constexpr Duration kDelay = 1ms;
  static constexpr std::uint16_t kPort = 80;
  /// False loses the packet to host `to`.
  using Filter = std::function<bool(int to, const std::vector<std::uint8_t>& packet)>;

  explicit TwoHosts(const SocketsConfig& config = {});
  ~TwoHosts();

  Sockets& client() { return *hosts_[0].sockets; }
  Sockets& server() { return *hosts_[1].sockets; }
  Stack& stack(int host) { return hosts_[host].machine->stack(); }
  BufferPool& pool() { return pool_; }
  Instant now() const { return now_; }
  void set_filter(Filter filter) { filter_ = std::move(filter); }
  /// Lets time pass on both sides.
  void run(Duration d);
  /// A little: enough for a few round trips.
  void settle() { run(20ms); }

  /// 10.0.0.1 is the client, 10.0.0.2 the server.
  static sockaddr_in address(int last_byte, std::uint16_t port);
  static int port_of(const SocketName& name);

  // The usual beginnings. Each checks that it succeeds.
  int stream(Sockets& host, int flags = 0);
  Result bind(Sockets& host, int fd, int last_byte, std::uint16_t port);
  Result connect(int fd, std::uint16_t port = kPort, PendingCall* call = nullptr);
  int listener(std::uint16_t port = kPort, int backlog = 16);
  struct Pair {
    int client, server, listener;
  };
  Pair connected();

  // Calls that do not wait.
  Result send(Sockets& host, int fd, std::string_view data, int flags = 0);
  Result set(Sockets& host, int fd, int level, int name, int value);
  Result get(Sockets& host, int fd, int level, int name, int& value);
  /// What recv() gives, or "-ERRNO" in words.
  std::string receive(Sockets& host, int fd, std::size_t size = 100, int flags = 0);
  /// The revents of one descriptor, asked for everything.
  int poll(Sockets& host, int fd);

 private:
  struct Host {
    std::unique_ptr<QueueHost> machine;
    std::unique_ptr<Sockets> sockets;
  };
  struct InFlight {
    Instant at;
    int to;
    std::vector<std::uint8_t> packet;
  };
  bool pump();
  Instant next_time() const;

  BufferPool pool_;
  Host hosts_[2];
  std::deque<InFlight> wire_;
  Filter filter_;
  Instant now_{std::chrono::hours(1)};
};

/// A receive or send that may wait, with memory of its own.
struct Transfer {
  explicit Transfer(std::size_t size) : memory(size), v{memory.data(), size} {}
  std::span<const iovec> buffers() const { return {&v, 1}; }
  std::string text(std::int64_t n) const { return {memory.begin(), memory.begin() + n}; }

  std::vector<char> memory;
  iovec v;
  PendingCall call;
};

}  // namespace leat::testing
