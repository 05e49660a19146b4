// Server: accepts connections on a host's thread and drives one object for each, until a signal ends it: the first
// stops accepting and lets what has begun finish, a second resets what is left.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/server/outflow.h"
#include "leat/event_loop.h"
#include "leat/host.h"

namespace leat::command {

/// What a server does with one connection. Made, called and destroyed on the host's thread.
class Served {
 public:
  Served() = default;
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  virtual ~Served() = default;

  /// What is to happen after a call.
  enum class Next { wait, close, abort };
  struct Plan {
    Next next = Next::wait;
    Instant wake = kNever;  ///< call again then, whatever happens
  };
  /// Something may have happened to the connection, or `wake` has come. The first call follows at once.
  virtual Plan on_event(EventLoop& loop) = 0;
  /// The server is to end: finish soon. on_event follows.
  virtual void stop() = 0;

 protected:
  /// The plan of an Outflow that is leaving.
  static Plan leave(EventLoop& loop, Outflow& outflow);
};

class Server {
 public:
  using Factory = std::function<std::unique_ptr<Served>(EventLoop& loop, SocketHandle socket, SendMemory& memory)>;

  /// `make` is called for each connection that is accepted. Of them there are at most `most` at once: others wait in
  /// the backlog, connected, until one ends.
  Server(Factory make, std::size_t most) : make_(std::move(make)), most_(most) {}

  // On the host's thread.
  expected<Endpoint, Error> listen(EventLoop& loop, std::uint16_t port, unsigned backlog);
  /// No more connections; `done` is called when the last is over.
  void stop(EventLoop& loop, std::function<void()> done);
  std::size_t connections() const { return connections_.size(); }
  std::uint64_t accepted() const { return accepted_; }

 private:
  struct Connection {
    SocketHandle socket;
    std::unique_ptr<Served> served;
    std::optional<EventLoop::Timer> timer;
  };
  void accept(EventLoop& loop);
  void drive(EventLoop& loop, std::uint64_t key);
  void part(EventLoop& loop, std::uint64_t key, Served::Next how);
  void wake_at(EventLoop& loop, std::uint64_t key, Connection& connection, Instant wake);
  static std::uint64_t key_of(SocketHandle s) { return std::uint64_t{s.generation} << 32 | s.index; }

  Factory make_;
  std::size_t most_;
  SendMemory memory_;
  SocketHandle listener_;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::uint64_t accepted_ = 0;
  bool accepting_ = false;
  std::function<void()> done_;
};

/// SIGINT, SIGTERM and SIGHUP as events of the main thread. Make it before the host, whose thread must not take them.
class ServerSignals {
 public:
  ServerSignals();
  ~ServerSignals();
  ServerSignals(const ServerSignals&) = delete;
  ServerSignals& operator=(const ServerSignals&) = delete;

  /// Waits for a signal; its number. 0: wake() was called.
  int wait();
  /// From any thread.
  void wake();

 private:
  int signals_ = -1, event_ = -1;
};

/// A server on each core; made before the hosts, whose threads call them.
using Servers = std::deque<Server>;

/// Serves on `port` of `hosts`, as many as there are servers, until signals end it, as Server says. `banner` is told
/// where. Returns the exit status: 128 and the number of the first signal, or 2 when it cannot listen, which `complain`
/// is told.
int run_servers(std::vector<Host>& hosts, Servers& servers, ServerSignals& signals, std::uint16_t port,
                const std::function<void(const Endpoint&)>& banner,
                const std::function<void(const std::string&)>& complain);

}  // namespace leat::command
