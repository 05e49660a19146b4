#include "cli/server/tcp_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <future>
#include <span>
#include <vector>

namespace leat::command {

Served::Plan Served::leave(EventLoop& loop, Outflow& outflow) {
  switch (outflow.leave(loop)) {
    case Outflow::Departure::complete: return {Next::close};
    case Outflow::Departure::lost: return {Next::abort};
    case Outflow::Departure::under_way: break;
  }
  return {Next::wait, outflow.retry_at()};
}

expected<Endpoint, Error> Server::listen(EventLoop& loop, std::uint16_t port, unsigned backlog) {
  const auto listener = loop.listen({IpAddress::any_v4(), port}, backlog);
  if (!listener) return unexpected(listener.error());
  listener_ = *listener;
  loop.set_handler(listener_, [this](EventLoop& l, const Event&) { accept(l); });
  return loop.local(listener_);
}

void Server::accept(EventLoop& loop) {
  if (accepting_) return;  // a connection that ended at once made room; the loop goes on
  accepting_ = true;
  while (connections_.size() < most_) {
    const auto socket = loop.accept(listener_);
    if (!socket) break;
    ++accepted_;
    const std::uint64_t key = key_of(*socket);
    connections_[key] = {*socket, make_(loop, *socket, memory_), std::nullopt};
    loop.set_handler(*socket, [this, key](EventLoop& l, const Event&) { drive(l, key); });
    drive(loop, key);
  }
  accepting_ = false;
}

void Server::drive(EventLoop& loop, std::uint64_t key) {
  const auto found = connections_.find(key);
  if (found == connections_.end()) return;
  const Served::Plan plan = found->second.served->on_event(loop);
  if (plan.next == Served::Next::wait) return wake_at(loop, key, found->second, plan.wake);
  part(loop, key, plan.next);
}

void Server::part(EventLoop& loop, std::uint64_t key, Served::Next how) {
  const auto found = connections_.find(key);
  const SocketHandle socket = found->second.socket;
  if (found->second.timer) loop.cancel(*found->second.timer);
  connections_.erase(found);
  static_cast<void>(how == Served::Next::abort ? loop.abort(socket) : loop.close(socket));
  if (done_ && connections_.empty()) return std::exchange(done_, nullptr)();
  if (!done_ && connections_.size() + 1 == most_) accept(loop);
}

/// A timer that is set for earlier stays: it asks the connection again, which costs less than setting it anew each
/// time.
void Server::wake_at(EventLoop& loop, std::uint64_t key, Connection& connection, Instant wake) {
  if (wake == kNever || (connection.timer && connection.timer->due <= wake)) return;
  if (connection.timer) loop.cancel(*connection.timer);
  connection.timer = loop.call_at(wake, [this, key](EventLoop& l) {
    const auto found = connections_.find(key);
    if (found == connections_.end()) return;
    found->second.timer.reset();
    drive(l, key);
  });
}

void Server::stop(EventLoop& loop, std::function<void()> done) {
  done_ = std::move(done);
  static_cast<void>(loop.close(listener_));
  std::vector<std::uint64_t> keys;
  for (const auto& [key, connection] : connections_) {
    connection.served->stop();
    keys.push_back(key);
  }
  for (const std::uint64_t key : keys) drive(loop, key);
  if (done_ && connections_.empty()) std::exchange(done_, nullptr)();
}

ServerSignals::ServerSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    if (now.sa_handler != SIG_IGN) sigaddset(&set, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  event_ = ::eventfd(0, EFD_CLOEXEC);
}

ServerSignals::~ServerSignals() {
  ::close(signals_);
  ::close(event_);
}

int ServerSignals::wait() {
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{signals_, POLLIN, 0}, pollfd{event_, POLLIN, 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return 0;
    }
    if ((fds[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      static_cast<void>(::read(event_, &count, sizeof count) == 0);
      return 0;
    }
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) == sizeof info) return static_cast<int>(info.ssi_signo);
  }
}

void ServerSignals::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(event_, &one, sizeof one) == 0);
}

namespace {

expected<Endpoint, Error> listen_on(Host& host, Server& server, std::uint16_t port) {
  constexpr unsigned kBacklog = 512;
  std::promise<expected<Endpoint, Error>> listening;
  host.post([&](EventLoop& loop) { listening.set_value(server.listen(loop, port, kBacklog)); });
  return listening.get_future().get();
}

std::string why_not_listening(std::uint16_t port, Error error) {
  std::string text = "cannot listen on port " + std::to_string(port) + ": " + std::string(to_string(error));
  // On an address that is the kernel's too:
  if (error == Error::address_in_use) text += "; ss -ltnp says by which program";
  if (error == Error::not_permitted) text += "; ports below 1024 need root, or cap_net_bind_service";
  return text;
}

}  // namespace

int run_servers(std::vector<Host>& hosts, Servers& servers, ServerSignals& signals, std::uint16_t port,
                const std::function<void(const Endpoint&)>& banner,
                const std::function<void(const std::string&)>& complain) {
  Endpoint first_local;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const expected<Endpoint, Error> local = listen_on(hosts[i], servers[i], port);
    if (!local) {
      complain(why_not_listening(port, local.error()));
      return 2;
    }
    if (i == 0) first_local = *local;
    port = first_local.port;  // which the first one may have picked
  }
  banner(first_local);
  const int first = signals.wait();
  const auto running = std::make_shared<std::atomic<std::size_t>>(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i].post([&server = servers[i], &signals, running](EventLoop& loop) {
      server.stop(loop, [&signals, running] {
        if (--*running == 0) signals.wake();
      });
    });
  }
  // 0: the last connection has ended. Another signal: the host's end resets what is left.
  static_cast<void>(signals.wait());
  return 128 + first;
}

}  // namespace leat::command
