#include "runtime/shared_ports.h"

namespace leat {

void SharedPorts::attach(Device& device, InterfaceId id, const InterfaceConfig& interface, bool all_addresses) {
  device_ = &device;
  id_ = id;
  first_ = interface.addresses.front().address;
  for (const IpPrefix& address : interface.addresses) {
    if (!all_addresses) chosen_.push_back(address.address);
  }
}

expected<SocketHandle, Error> SharedPorts::connect(Stack& stack, ConnectRequest request, Instant now) {
  if (device_ == nullptr) return stack.connect(request, now);
  const auto path = stack.path_to(request.remote.address);
  if (!path) return unexpected(path.error());
  if (path->interface != id_) return stack.connect(request, now);
  if (!request.local_address) request.local_address = path->source;
  if (auto chosen = choose_source(stack, request); !chosen) return unexpected(chosen.error());
  const auto port = device_->claim_port(*request.local_address, request.local_port);
  if (!port) return unexpected(port.error());
  request.local_port = *port;
  auto socket = stack.connect(request, now);
  if (!socket && !stack.is_port_used(*port)) device_->release_port(*port);
  return socket;
}

/// Where the kernel routes, it also gives the source address and the MTU.
expected<void, Error> SharedPorts::choose_source(Stack& stack, ConnectRequest& request) {
  const auto path = device_->path_to(request.remote.address);
  if (!path && path.error() == Error::unsupported) return {};
  if (!path) return unexpected(path.error());
  request.mtu = path->mtu;
  if (chosen_.empty()) {
    request.local_address = path->source;
    if (!stack.is_local(path->source)) stack.add_address(id_, {path->source, 32});  // the kernel got it after the start
  } else {
    request.local_address = stack.is_local(path->source) ? path->source : first_;
  }
  return {};
}

expected<SocketHandle, Error> SharedPorts::listen(Stack& stack, Endpoint local, unsigned backlog) {
  if (device_ == nullptr) return stack.listen(local, backlog);
  const auto port = claim(stack, local);
  if (!port) return unexpected(port.error());
  local.port = *port;
  const bool is_new = chosen_.empty() && !local.address.is_unspecified() && !stack.is_local(local.address);
  if (is_new) stack.add_address(id_, {local.address, 32});
  auto socket = stack.listen(local, backlog);
  if (!socket && !stack.is_port_used(*port)) device_->release_port(*port);
  return socket;
}

/// Claims the port on every address of the listener.
expected<std::uint16_t, Error> SharedPorts::claim(Stack& stack, const Endpoint& local) {
  if (chosen_.empty() || !local.address.is_unspecified()) return device_->claim_port(local.address, local.port);
  constexpr int kTries = 16;  // a port that is free on one address may be taken on another
  expected<std::uint16_t, Error> port = local.port;
  for (int i = 0; i < kTries; ++i) {
    port = local.port;
    for (const IpAddress& address : chosen_) {
      const std::uint16_t wanted = *port;
      port = device_->claim_port(address, wanted);
      if (port) continue;
      if (wanted != 0 && !stack.is_port_used(wanted)) device_->release_port(wanted);
      break;
    }
    if (port || local.port != 0 || port.error() != Error::address_in_use) break;
  }
  return port;
}

void SharedPorts::release_unused(Stack& stack) {
  if (device_ == nullptr) return;
  while (const auto port = stack.next_unused_port()) device_->release_port(*port);
}

}  // namespace leat
