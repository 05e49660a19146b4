// Settings of single sockets, shared by those that have the same, and what else setsockopt(2) and ioctl(2) come to.
#include "stack/tcp_sockets.h"
#include "tcp/congestion/registry.h"

namespace leat {

/// A socket's own settings, or the defaults. A server that sets the same for each connection has them in memory once.
expected<TcpSettingsRef, Error> TcpSockets::settings(const std::optional<TcpSettings>& options) {
  const TcpSettings& wanted = options ? *options : *defaults_;
  if (!is_controller(wanted.congestion_control)) return unexpected(Error::invalid_argument);
  if (wanted == *defaults_) return defaults_;
  if (*options != *latest_) latest_ = TcpSettingsRef(*options);
  return latest_;
}

expected<const TcpConnection*, Error> TcpSockets::connection(SocketHandle handle) const {
  const Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  return &*socket->connection;
}

expected<TcpSettings, Error> TcpSockets::options(SocketHandle handle) const {
  const Socket* socket = find_owned(handle);
  if (socket != nullptr && socket->listener) return *socket->listener->options;
  if (socket == nullptr || !socket->connection) return unexpected(why_no_connection(handle));
  return *socket->connection->options();
}

expected<void, Error> TcpSockets::set_options(SocketHandle handle, const TcpSettings& options, Instant now) {
  Socket* socket = find_owned(handle);
  if (socket == nullptr || socket->is_reservation()) return unexpected(why_no_connection(handle));
  const expected<TcpSettingsRef, Error> own = settings(options);
  if (!own) return unexpected(own.error());
  if (socket->listener) {
    socket->listener->options = *own;
    return {};
  }
  socket->connection->set_options(*own, now);
  touch(*socket);
  return {};
}

expected<void, Error> TcpSockets::set_quick_ack(SocketHandle handle, bool quick) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  socket->connection->set_quick_ack(quick);
  touch(*socket);
  return {};
}

expected<void, Error> TcpSockets::push_pending(SocketHandle handle) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  socket->connection->push_pending();
  touch(*socket);
  return {};
}

expected<void, Error> TcpSockets::end_record(SocketHandle handle) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  socket->connection->end_record();
  return {};
}

expected<std::size_t, Error> TcpSockets::read_urgent(SocketHandle handle, std::uint8_t& byte, bool take) {
  Socket* socket = find_connection(handle);
  if (socket == nullptr) return unexpected(why_no_connection(handle));
  return socket->connection->read_urgent(byte, take);
}

}  // namespace leat
