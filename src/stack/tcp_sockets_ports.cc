// Who may use which local port: bind(), and what connect() and listen() ask, by Linux's rules (inet_csk_bind_conflict).
#include <algorithm>

#include "stack/tcp_sockets.h"

namespace leat {
namespace {

bool overlap(const IpAddress& a, const IpAddress& b) { return a == b || a.is_unspecified() || b.is_unspecified(); }

}  // namespace

/// Somebody but `self` uses the port, at the same address or any, and will not share it. Where the port is used at all
/// this looks at every socket, which is rare enough not to keep a list by port for it.
bool TcpSockets::has_conflict(const Endpoint& local, const PortSharing& sharing, SocketHandle self) const {
  if (!ports_in_use_.is_used(local.port)) return false;
  const auto refuses = [&](const std::unique_ptr<Socket>& slot) {
    if (!slot || slot->tuple.local.port != local.port || slot->handle == self || !slot->uses_port()) return false;
    return overlap(slot->tuple.local.address, local.address) &&
           !may_share(sharing, slot->sharing, slot->listener != nullptr);
  };
  if (std::any_of(slots_.begin(), slots_.end(), refuses)) return true;
  return time_wait_.any_on_port(local.port, [&](const IpAddress& address, const PortSharing& other) {
    return overlap(address, local.address) && !may_share(sharing, other, false);
  });
}

/// One that nobody uses, whatever they would share; at another address only when none is free at all.
std::optional<std::uint16_t> TcpSockets::pick_port(const IpAddress& address) {
  const auto in_use = [&](std::uint16_t port) { return ports_in_use_.is_used(port); };
  if (const std::optional<std::uint16_t> port = ports_.select(address, {}, in_use)) return port;
  std::vector<bool> taken(65536);
  for (const std::unique_ptr<Socket>& slot : slots_) {
    if (slot && slot->uses_port() && overlap(slot->tuple.local.address, address)) taken[slot->tuple.local.port] = true;
  }
  time_wait_.for_each([&](const Endpoint& local) {
    if (overlap(local.address, address)) taken[local.port] = true;
  });
  return ports_.select(address, {}, [&](std::uint16_t port) { return taken[port]; });
}

expected<SocketHandle, Error> TcpSockets::bind(Endpoint local, const PortSharing& sharing) {
  if (local.port == 0) {
    const std::optional<std::uint16_t> port = pick_port(local.address);
    if (!port) return unexpected(Error::address_in_use);
    local.port = *port;
  } else if (has_conflict(local, sharing, {})) {
    return unexpected(Error::address_in_use);
  }
  Socket* socket = create_socket();
  if (socket == nullptr) return unexpected(Error::no_buffers);
  socket->user_owns = true;
  socket->sharing = sharing;
  socket->tuple.local = local;
  ++reservations_by_port_[local.port];
  ports_in_use_.add(local.port);
  return socket->handle;
}

expected<void, Error> TcpSockets::set_sharing(SocketHandle handle, const PortSharing& sharing) {
  Socket* socket = find_owned(handle);
  if (socket == nullptr) return unexpected(Error::bad_handle);
  socket->sharing = sharing;
  return {};
}

TcpSockets::Socket* TcpSockets::find_reservation(SocketHandle handle) const {
  Socket* socket = find_owned(handle);
  return socket != nullptr && socket->is_reservation() ? socket : nullptr;
}

void TcpSockets::release(Socket& reservation) {
  const std::uint16_t port = reservation.tuple.local.port;
  if (--reservations_by_port_[port] == 0) reservations_by_port_.erase(port);
  ports_in_use_.remove(port);
  destroy_socket(reservation);
}

/// The local end of a connection that is to be opened.
Error TcpSockets::choose_local(Opening& opening, PortSharing& sharing) {
  FourTuple& tuple = opening.tuple;
  if (opening.request.bound) {
    const Socket* reservation = find_reservation(opening.request.bound);
    if (reservation == nullptr) return Error::bad_handle;
    sharing = reservation->sharing;
    tuple.local.port = reservation->tuple.local.port;
    if (!reservation->tuple.local.address.is_unspecified()) tuple.local.address = reservation->tuple.local.address;
    return flow_exists(tuple) ? Error::address_not_available : Error::none;
  }
  if (tuple.local.port != 0) {
    sharing.reuse_address = true;
    return has_conflict(tuple.local, sharing, {}) || flow_exists(tuple) ? Error::address_in_use : Error::none;
  }
  const auto in_use = [&](std::uint16_t port) {
    tuple.local.port = port;
    return listeners_by_port_.contains(port) || reservations_by_port_.contains(port) || flow_exists(tuple);
  };
  const std::optional<std::uint16_t> port = ports_.select(tuple.local.address, tuple.remote, in_use);
  if (!port) return Error::address_not_available;
  tuple.local.port = *port;
  return Error::none;
}

}  // namespace leat
