// Connection and Listener: blocking calls by the engine.
#include <utility>

#include "api/states.h"

namespace leat {

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Connection::~Connection() {
  if (!state_ || state_->closed) return;
  Engine* engine = state_->engine.get();
  engine->post([engine, socket = state_->socket](Stack& stack, Instant now) {
    engine->forget(socket);
    (void)stack.close(socket, now);
  });
}

expected<std::size_t, Error> Connection::read(std::span<std::uint8_t> buffer, std::optional<Duration> timeout) {
  if (!state_ || state_->closed) return unexpected(Error::closed);
  if (buffer.empty()) return std::size_t{0};
  return state_->engine->perform<std::size_t>(
      state_->socket, timeout, [&](Stack& stack, Instant now) { return stack.read(state_->socket, buffer, now); });
}

expected<std::size_t, Error> Connection::write(std::span<const std::uint8_t> data, std::optional<Duration> timeout) {
  if (!state_ || state_->closed) return unexpected(Error::closed);
  if (data.empty()) return std::size_t{0};
  return state_->engine->perform<std::size_t>(
      state_->socket, timeout, [&](Stack& stack, Instant now) { return stack.write(state_->socket, data, now); });
}

expected<std::size_t, Error> Connection::write_urgent(std::span<const std::uint8_t> data,
                                                      std::optional<Duration> timeout) {
  if (!state_ || state_->closed) return unexpected(Error::closed);
  if (data.empty()) return std::size_t{0};
  return state_->engine->perform<std::size_t>(state_->socket, timeout, [&](Stack& stack, Instant now) {
    return stack.write_urgent(state_->socket, data, now);
  });
}

expected<void, Error> Connection::write_all(std::span<const std::uint8_t> data, std::optional<Duration> timeout) {
  while (!data.empty()) {
    const auto taken = write(data, timeout);
    if (!taken) return unexpected(taken.error());
    data = data.subspan(*taken);
  }
  return {};
}

expected<void, Error> Connection::shutdown() {
  if (!state_ || state_->closed) return unexpected(Error::closed);
  return state_->engine->perform<void>(
      state_->socket, {}, [&](Stack& stack, Instant now) { return stack.shutdown_write(state_->socket, now); });
}

namespace {

/// Sends a FIN, then returns would_block until all data is acknowledged (true) or cannot be acknowledged (false).
expected<bool, Error> flush(Stack& stack, SocketHandle socket, bool& begun, Instant now) {
  if (!std::exchange(begun, true)) {
    const auto info = stack.info(socket);
    if (!info || info->unread > 0) return false;  // close() will reset it, so there is no need to wait
    (void)stack.shutdown_write(socket, now);      // fails if it was done before, or the connection has failed
  }
  const std::uint16_t bits = stack.readiness(socket);
  if ((bits & kEventError) != 0) return false;
  if ((bits & (kEventFlushed | kEventClosed)) != 0) return true;
  return unexpected(Error::would_block);
}

}  // namespace

expected<bool, Error> Connection::close(Duration linger) {
  if (!state_ || state_->closed.exchange(true)) return unexpected(Error::closed);
  const SocketHandle socket = state_->socket;
  bool flushed = false;
  if (linger > Duration::zero()) {
    bool begun = false;
    const auto result = state_->engine->perform<bool>(
        socket, linger, [&](Stack& stack, Instant now) { return flush(stack, socket, begun, now); });
    flushed = result.value_or(false);
  }
  const auto closed = state_->engine->perform<void>({}, {}, [&](Stack& stack, Instant now) {
    state_->engine->forget(socket);
    return stack.close(socket, now);
  });
  if (!closed && !flushed) return unexpected(closed.error());
  return flushed;
}

void Connection::abort() {
  if (!state_ || state_->closed.exchange(true)) return;
  (void)state_->engine->perform<void>({}, {}, [&](Stack& stack, Instant now) {
    state_->engine->forget(state_->socket);
    return stack.abort(state_->socket, now);
  });
}

TcpInfo Connection::info() const {
  if (!state_ || state_->closed) return {};
  return state_->engine
      ->perform<TcpInfo>(state_->socket, {}, [&](Stack& stack, Instant) { return stack.info(state_->socket); })
      .value_or({});
}

Endpoint Connection::local() const { return state_ ? state_->local : Endpoint{}; }
Endpoint Connection::remote() const { return state_ ? state_->remote : Endpoint{}; }

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}
Listener::Listener(Listener&&) noexcept = default;

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Listener::~Listener() {
  if (!state_) return;
  Engine* engine = state_->engine.get();
  engine->post([engine, socket = state_->socket](Stack& stack, Instant now) {
    engine->forget(socket);
    (void)stack.close(socket, now);
  });
}

expected<Connection, Error> Listener::accept(std::optional<Duration> timeout) {
  if (!state_) return unexpected(Error::closed);
  using Accepted = std::unique_ptr<Connection::State>;
  const std::shared_ptr<Engine>& engine = state_->engine;
  auto accepted = engine->perform<Accepted>(state_->socket, timeout, [&](Stack& stack, Instant) {
    const auto socket = stack.accept(state_->socket);
    if (!socket) return expected<Accepted, Error>(unexpected(socket.error()));
    engine->adopt(*socket);
    return expected<Accepted, Error>(std::make_unique<Connection::State>(
        engine, *socket, stack.local(*socket).value_or({}), stack.remote(*socket).value_or({})));
  });
  if (!accepted) return unexpected(accepted.error());
  return Connection(std::move(*accepted));
}

Endpoint Listener::local() const { return state_ ? state_->local : Endpoint{}; }

}  // namespace leat
