// The application's side of TcpSockets.
#include <algorithm>

#include "stack/tcp_sockets.h"
#include "tcp/engine/isn.h"

namespace leat {

TcpSockets::Socket* TcpSockets::find_owned(SocketHandle handle) const {
  Socket* socket = find(handle);
  return socket != nullptr && socket->user_owns ? socket : nullptr;
}

TcpSockets::Socket* TcpSockets::find_connection(SocketHandle handle) const {
  Socket* socket = find_owned(handle);
  return socket != nullptr && socket->connection ? socket : nullptr;
}

/// A listener is a socket, but nothing flows through it.
Error TcpSockets::why_no_connection(SocketHandle handle) const {
  return find_owned(handle) == nullptr ? Error::bad_handle : Error::not_connected;
}

bool TcpSockets::flow_exists(const FourTuple& tuple) const {
  const std::uint32_t hash = flow_hash(flow_key_, tuple);
  return flows_.find(hash, [&](FlowRef f) { return is_flow_of(f, tuple); }).has_value();
}

expected<SocketHandle, Error> TcpSockets::connect(Opening opening, Instant now) {
  const FourTuple& tuple = opening.tuple;
  const Bytes first_data = opening.request.first_data;
  const expected<TcpSettingsRef, Error> own = settings(opening.request.options);
  if (!own) return unexpected(own.error());
  if (tuple.remote.port == 0) return unexpected(Error::invalid_argument);
  if (first_data.size() > first_send_buffer(**own)) return unexpected(Error::no_buffers);
  run_timers(now);
  PortSharing sharing = opening.request.sharing;
  if (const Error why = choose_local(opening, sharing); why != Error::none) return unexpected(why);
  Socket* socket = create_socket();
  if (socket == nullptr) return unexpected(Error::no_buffers);
  socket->sharing = sharing;
  make_connection(*socket, tuple, opening.path, initial_sequence_number(isn_key_, tuple, now), *own);
  socket->in_flow_table = flows_.insert(socket->hash, {FlowKind::connection, socket->handle.index});
  if (!socket->in_flow_table) {
    destroy_socket(*socket);
    return unexpected(Error::no_buffers);
  }
  ports_in_use_.add(tuple.local.port);
  socket->user_owns = true;
  socket->connection->open_active(now);
  if (!first_data.empty()) {
    const expected<std::size_t, Error> taken = socket->connection->write(first_data, pool_);
    if (!taken || *taken < first_data.size()) {
      destroy_socket(*socket);
      return unexpected(Error::no_buffers);
    }
  }
  ++counters_[Counter::TcpActiveOpens];
  touch(*socket);
  return socket->handle;
}

expected<std::size_t, Error> TcpSockets::read(SocketHandle handle, MutableBytes out) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  const expected<std::size_t, Error> result = socket->connection->read(out);
  if (socket->connection->wants_to_send_ack()) touch(*socket);
  return result;
}

expected<std::size_t, Error> TcpSockets::write(SocketHandle handle, Bytes data, Write how) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  const expected<std::size_t, Error> result = ((*socket->connection).*how)(data, pool_);
  if (result) touch(*socket);
  return result;
}

expected<std::size_t, Error> TcpSockets::view(SocketHandle handle, std::span<Bytes> pieces) {
  Socket* socket = find_connection(handle);
  return socket == nullptr ? unexpected(why_no_connection(handle)) : socket->connection->view(pieces);
}

expected<std::size_t, Error> TcpSockets::consume(SocketHandle handle, std::size_t n) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  const expected<std::size_t, Error> result = socket->connection->consume(n);
  if (socket->connection->wants_to_send_ack()) touch(*socket);
  return result;
}

expected<void, Error> TcpSockets::write_borrowed(SocketHandle handle, Bytes data, Release release) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  const expected<void, Error> result = socket->connection->write_borrowed(data, release, pool_);
  if (result) touch(*socket);
  return result;
}

expected<MutableBytes, Error> TcpSockets::prepare(SocketHandle handle, std::size_t wanted) {
  Socket* socket = find_connection(handle);
  return socket == nullptr ? unexpected(why_no_connection(handle)) : socket->connection->prepare(wanted, pool_);
}

expected<void, Error> TcpSockets::commit(SocketHandle handle, std::size_t n) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  const expected<void, Error> result = socket->connection->commit(n);
  if (result && n > 0) touch(*socket);
  return result;
}

expected<void, Error> TcpSockets::shutdown_write(SocketHandle handle) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  const expected<void, Error> result = socket->connection->shutdown_write();
  touch(*socket);
  return result;
}

expected<void, Error> TcpSockets::close(SocketHandle handle, Instant now) {
  Socket* socket = find_owned(handle);
  if (socket == nullptr) return unexpected(Error::bad_handle);
  if (!socket->connection) {
    socket->listener ? close_listener(*socket, now) : release(*socket);
    return {};
  }
  const bool was_open = is_synchronized(socket->connection->state());
  socket->connection->close(now);
  if (was_open && socket->connection->error() == Error::aborted) ++counters_[Counter::TcpExtTCPAbortOnClose];
  give_up(*socket);
  return {};
}

expected<void, Error> TcpSockets::abort(SocketHandle handle, Instant now) {
  Socket* socket = find_owned(handle);
  if (socket == nullptr) return unexpected(Error::bad_handle);
  if (!socket->connection) {
    socket->listener ? close_listener(*socket, now) : release(*socket);
    return {};
  }
  socket->connection->abort(Error::aborted);
  socket->connection->close(now);
  give_up(*socket);
  return {};
}

void TcpSockets::abort_all() {
  for (const std::unique_ptr<Socket>& slot : slots_) {
    if (!slot || !slot->connection) continue;
    slot->connection->abort(Error::aborted);
    touch(*slot);
  }
}

void TcpSockets::give_up(Socket& socket) {
  socket.user_owns = false;
  if (++orphans_ > defaults_->max_orphans && socket.connection->state() != TcpState::closed) {
    ++counters_[Counter::TcpExtTCPAbortOnMemory];
    socket.connection->abort(Error::no_buffers);
  }
  socket.pending_events = 0;
  touch(socket);
}

std::uint16_t TcpSockets::readiness(SocketHandle handle) const {
  const Socket* socket = find_owned(handle);
  if (socket == nullptr) return kEventError | kEventClosed;
  if (socket->is_reservation()) return 0;
  if (!socket->listener) return socket->connection->readiness();
  return socket->listener->accept_queue_empty() ? std::uint16_t{0} : std::uint16_t{kEventAcceptable};
}

Error TcpSockets::error(SocketHandle handle) const {
  const Socket* socket = find_owned(handle);
  if (socket == nullptr) return Error::bad_handle;
  return socket->connection ? socket->connection->error() : Error::none;
}

expected<TcpInfo, Error> TcpSockets::info(SocketHandle handle) const {
  const Socket* socket = find_owned(handle);
  if (socket == nullptr) return unexpected(Error::bad_handle);
  if (socket->connection) {
    TcpInfo info = socket->connection->info();
    // The table keeps the time: when it has forgotten the flow, the connection is no more.
    if (info.state == TcpState::time_wait && !socket->in_flow_table && !flow_exists(socket->tuple)) {
      info.state = TcpState::closed;
    }
    return info;
  }
  TcpInfo info;
  if (socket->listener) info.state = TcpState::listen;
  return info;
}

expected<FourTuple, Error> TcpSockets::tuple(SocketHandle handle) const {
  const Socket* socket = find_owned(handle);
  if (socket == nullptr) return unexpected(Error::bad_handle);
  return socket->tuple;
}

std::vector<SocketInfo> TcpSockets::sockets() const {
  std::vector<SocketInfo> all;
  for (const std::unique_ptr<Socket>& slot : slots_) {
    if (!slot || slot->is_reservation()) continue;
    SocketInfo& info = all.emplace_back();
    info.local = slot->tuple.local;
    info.remote = slot->tuple.remote;
    if (slot->listener) {
      info.tcp.state = TcpState::listen;
      info.receive_queue = slot->listener->accept_queue();
      info.send_queue = slot->listener->backlog();
    } else {
      info.tcp = slot->connection->info();
      info.receive_queue = info.tcp.unread;
      info.send_queue = std::uint64_t{info.tcp.unacked} + info.tcp.notsent;
    }
  }
  return all;
}

}  // namespace leat
