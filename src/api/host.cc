#include "leat/host.h"

#include <utility>

#include "api/host_config.h"
#include "api/states.h"

namespace leat {

Host::Host(std::unique_ptr<State> state) : state_(std::move(state)) {}
Host::Host(Host&&) noexcept = default;

Host& Host::operator=(Host&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Host::~Host() {
  if (state_) state_->engine->stop();
}

expected<Host, HostError> Host::open(const HostConfig& config) {
  if (const auto checked = check_config(config); !checked) return unexpected(checked.error());
  auto link = open_link(config);
  if (!link) return unexpected(link.error());
  return start(config, std::move(*link));
}

namespace {

std::function<void(const AddressConflict&)> conflict_warning(const HostConfig& config) {
  if (!config.on_warning) return {};
  return [warn = config.on_warning, link = config.link](const AddressConflict& conflict) {
    warn("address conflict: " + conflict.station.to_string() + " on " + link + " also uses " +
         conflict.address.to_string() + ", so connections fail; give this host another address");
  };
}

}  // namespace

expected<Host, HostError> Host::start(const HostConfig& config, WorkerLink link) {
  LinkInfo info;
  info.name = config.link;
  if (link.interface.caps.has_link_layer) info.mac = link.interface.mac;
  info.description = link.device->description();
  info.mtu = link.interface.mtu;
  info.max_super_segment = link.interface.caps.max_super_segment;
  info.completes_checksums = link.interface.caps.completes_checksums;
  auto engine = Engine::start({config.tcp, config.polling, conflict_warning(config)}, std::move(link));
  if (!engine) {
    return unexpected(HostError{
        engine.error(), "cannot start a host on " + config.link + ": " + std::string(to_string(engine.error()))});
  }
  return Host(std::make_unique<State>(State{std::move(*engine), std::move(info)}));
}

namespace {

/// Returns would_block during the handshake.
expected<Endpoint, Error> connected(Stack& stack, SocketHandle socket) {
  const std::uint16_t bits = stack.readiness(socket);
  const Error error = stack.error(socket);
  if ((bits & kEventConnected) == 0 && error != Error::none) return unexpected(error);
  if ((bits & (kEventConnected | kEventClosed)) == 0) return unexpected(Error::would_block);
  return stack.local(socket);
}

}  // namespace

expected<Connection, Error> Host::connect(const Endpoint& remote, const ConnectOptions& options) {
  const std::shared_ptr<Engine>& engine = state_->engine;
  const auto socket =
      engine->perform<SocketHandle>({}, {}, [&](Stack&, Instant) { return engine->loop().connect(remote, options); });
  if (!socket) return unexpected(socket.error());
  const auto local = engine->perform<Endpoint>(*socket, options.timeout,
                                               [&](Stack& stack, Instant) { return connected(stack, *socket); });
  // From here on the destructor closes the connection, and gives up an unfinished handshake.
  Connection connection(std::make_unique<Connection::State>(engine, *socket, local.value_or({}), remote));
  if (local) return connection;
  connection.abort();
  return unexpected(local.error());
}

expected<Listener, Error> Host::listen(const Endpoint& local, unsigned backlog) {
  const std::shared_ptr<Engine>& engine = state_->engine;
  using Listening = std::unique_ptr<Listener::State>;
  auto listening = engine->perform<Listening>({}, {}, [&](Stack& stack, Instant) {
    const auto socket = engine->loop().listen(local, backlog);
    if (!socket) return expected<Listening, Error>(unexpected(socket.error()));
    return expected<Listening, Error>(
        std::make_unique<Listener::State>(Listener::State{engine, *socket, stack.local(*socket).value_or(local)}));
  });
  if (!listening) return unexpected(listening.error());
  return Listener(std::move(*listening));
}

void Host::post(std::function<void(EventLoop&)> f) {
  Engine* engine = state_->engine.get();
  engine->post([engine, f = std::move(f)](Stack&, Instant) { f(engine->loop()); });
}

Counters Host::counters() const {
  return state_->engine
      ->perform<Counters>({}, {}, [](Stack& stack, Instant) { return expected<Counters, Error>(stack.counters()); })
      .value_or({});
}

MemoryInfo Host::memory() const {
  return state_->engine
      ->perform<MemoryInfo>({}, {}, [](Stack& stack, Instant) { return expected<MemoryInfo, Error>(stack.memory()); })
      .value_or({});
}

std::vector<SocketInfo> Host::sockets() const {
  using Sockets = std::vector<SocketInfo>;
  return state_->engine
      ->perform<Sockets>({}, {}, [](Stack& stack, Instant) { return expected<Sockets, Error>(stack.sockets()); })
      .value_or({});
}

LinkInfo Host::link() const {
  LinkInfo info = state_->link;
  Engine& engine = *state_->engine;
  // The device belongs to the stack's thread.
  static_cast<void>(engine.perform<bool>({}, {}, [&](Stack&, Instant) {
    const DeviceCounters c = engine.device().counters();
    info.rx_packets = c.rx_packets, info.rx_bytes = c.rx_bytes;
    info.tx_packets = c.tx_packets, info.tx_bytes = c.tx_bytes;
    info.rx_dropped = c.rx_dropped, info.tx_refused = c.tx_refused;
    info.rx_partial_checksums = c.rx_partial_checksums, info.rx_super_segments = c.rx_super_segments;
    info.impairments = engine.device().impairments();
    return expected<bool, Error>(true);
  }));
  return info;
}

std::optional<Error> Host::failure() const { return state_->engine->failure(); }

}  // namespace leat
