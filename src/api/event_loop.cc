#include "leat/event_loop.h"

#include <memory>

#include "api/engine.h"
#include "leat/host.h"

namespace leat {

Instant EventLoop::now() const { return engine_.now(); }

expected<SocketHandle, Error> EventLoop::connect(const Endpoint& remote) { return connect(remote, ConnectOptions{}); }

expected<SocketHandle, Error> EventLoop::connect(const Endpoint& remote, const ConnectOptions& options) {
  ConnectRequest request;
  request.remote = remote;
  request.local_port = options.local_port;
  request.first_data = options.first_data;
  auto socket = engine_.worker().connect(request, now());
  if (socket) engine_.adopt(*socket);
  return socket;
}

expected<SocketHandle, Error> EventLoop::listen(const Endpoint& local, unsigned backlog) {
  auto socket = engine_.worker().listen(local, backlog);
  if (socket) engine_.adopt(*socket);
  return socket;
}

expected<void, Error> EventLoop::ping(const IpAddress& remote, std::uint16_t id, std::uint16_t sequence,
                                      std::span<const std::uint8_t> payload) {
  EchoRequest request{{}, remote, id, sequence, payload};
  if (const auto path = engine_.device().path_to(remote)) request.source = path->source;
  return engine_.stack().send_echo(request, now());
}

void EventLoop::set_echo_handler(EchoHandler handler) { engine_.set_echo_handler(std::move(handler)); }

expected<SocketHandle, Error> EventLoop::accept(SocketHandle listener) {
  auto socket = engine_.stack().accept(listener);
  if (socket) engine_.adopt(*socket);
  return socket;
}

expected<std::size_t, Error> EventLoop::read(SocketHandle socket, std::span<std::uint8_t> buffer) {
  if (buffer.empty()) return std::size_t{0};
  return engine_.stack().read(socket, buffer, now());
}

expected<std::size_t, Error> EventLoop::write(SocketHandle socket, std::span<const std::uint8_t> data) {
  return engine_.stack().write(socket, data, now());
}

expected<std::size_t, Error> EventLoop::view(SocketHandle socket, std::span<std::span<const std::uint8_t>> pieces) {
  return engine_.stack().view(socket, pieces);
}

expected<std::size_t, Error> EventLoop::consume(SocketHandle socket, std::size_t n) {
  return engine_.stack().consume(socket, n, now());
}

expected<void, Error> EventLoop::write_borrowed(SocketHandle socket, std::span<const std::uint8_t> data,
                                                std::function<void()> release) {
  using Action = std::function<void()>;
  auto kept = std::make_unique<Action>(std::move(release));
  const auto call = [](void* context) {
    const std::unique_ptr<Action> action(static_cast<Action*>(context));
    if (*action) (*action)();
  };
  const auto taken = engine_.stack().write_borrowed(socket, data, {call, kept.get()}, now());
  if (taken) static_cast<void>(kept.release());
  return taken;  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): `call` deletes it
}

expected<std::span<std::uint8_t>, Error> EventLoop::prepare(SocketHandle socket, std::size_t wanted) {
  return engine_.stack().prepare(socket, wanted);
}

expected<void, Error> EventLoop::commit(SocketHandle socket, std::size_t n) {
  return engine_.stack().commit(socket, n, now());
}

expected<std::size_t, Error> EventLoop::write_urgent(SocketHandle socket, std::span<const std::uint8_t> data) {
  return engine_.stack().write_urgent(socket, data, now());
}

expected<void, Error> EventLoop::shutdown(SocketHandle socket) { return engine_.stack().shutdown_write(socket, now()); }

expected<void, Error> EventLoop::close(SocketHandle socket) {
  engine_.forget(socket);
  return engine_.stack().close(socket, now());
}

expected<void, Error> EventLoop::abort(SocketHandle socket) {
  engine_.forget(socket);
  return engine_.stack().abort(socket, now());
}

std::uint16_t EventLoop::readiness(SocketHandle socket) const { return engine_.stack().readiness(socket); }
Error EventLoop::error(SocketHandle socket) const { return engine_.stack().error(socket); }
expected<TcpInfo, Error> EventLoop::info(SocketHandle socket) const { return engine_.stack().info(socket); }
expected<Endpoint, Error> EventLoop::local(SocketHandle socket) const { return engine_.stack().local(socket); }
expected<Endpoint, Error> EventLoop::remote(SocketHandle socket) const { return engine_.stack().remote(socket); }
const Counters& EventLoop::counters() const { return engine_.stack().counters(); }

void EventLoop::set_handler(SocketHandle socket, Handler handler) { engine_.set_handler(socket, std::move(handler)); }
EventLoop::Timer EventLoop::call_at(Instant due, Function f) { return engine_.set_timer(due, std::move(f)); }
bool EventLoop::cancel(const Timer& timer) { return engine_.cancel_timer(timer); }

}  // namespace leat
