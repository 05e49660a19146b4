// SharedPorts: opens sockets of a Stack on a link that shares the kernel's addresses. A port of such a link must be
// claimed before the Stack uses it, and released when no socket and no TIME-WAIT entry uses it. Where the kernel
// routes, it chooses the source address. On all other links SharedPorts passes the calls on. It is part of a Worker.
#pragma once

#include <vector>

#include "link/device.h"
#include "stack/stack.h"

namespace leat {

class SharedPorts {
 public:
  /// Sets the shared link. `all_addresses`: the interface has every address that the kernel has or gets later, not
  /// chosen ones. `device` outlives this object.
  void attach(Device& device, InterfaceId id, const InterfaceConfig& interface, bool all_addresses);

  /// Like Stack::connect and Stack::listen, with the errors of Device::claim_port and Device::path_to as well.
  expected<SocketHandle, Error> connect(Stack& stack, ConnectRequest request, Instant now);
  expected<SocketHandle, Error> listen(Stack& stack, Endpoint local, unsigned backlog);
  /// Call this after anything that may have ended a connection.
  void release_unused(Stack& stack);

 private:
  expected<void, Error> choose_source(Stack& stack, ConnectRequest& request);
  expected<std::uint16_t, Error> claim(Stack& stack, const Endpoint& local);

  Device* device_ = nullptr;
  InterfaceId id_ = 0;
  std::vector<IpAddress> chosen_;  ///< empty: all
  IpAddress first_;
};

}  // namespace leat
