// SharedPorts: opens sockets of a Stack on a link that shares the kernel's addresses. There a port must be claimed
// before the stack uses it, and given back when nothing uses it any more, TIME-WAIT included; and it may be the kernel
// that knows where to send from. On all other links it just passes the call on. Part of a Worker, on its thread.
#pragma once

#include <vector>

#include "link/device.h"
#include "stack/stack.h"

namespace leat {

class SharedPorts {
 public:
  /// The link that is shared. `all_addresses`: the interface stands for every address that the kernel has or will
  /// have, not for chosen ones. `device` outlives this.
  void attach(Device& device, InterfaceId id, const InterfaceConfig& interface, bool all_addresses);

  /// As Stack::connect and Stack::listen. More errors: those of Device::claim_port and Device::path_to.
  expected<SocketHandle, Error> connect(Stack& stack, ConnectRequest request, Instant now);
  expected<SocketHandle, Error> listen(Stack& stack, Endpoint local, unsigned backlog);
  /// To be called after whatever may have ended a connection.
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
