// The IPv4 addresses of the kernel and its routes, in the calling thread's network namespace. Links that share those
// addresses ask for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "leat/address.h"
#include "link/device.h"

namespace leat {

struct HostAddress {
  std::string interface;
  IpPrefix prefix;
  bool is_up = false;
  bool is_loopback = false;
};

/// The addresses in the kernel's order; those of one interface when a name is given.
std::vector<HostAddress> host_addresses(const std::string& interface = {});

/// The smallest MTU of the interfaces that are up and have an address, loopback's only when there is no other; of
/// `interface` alone when a name is given. At most 65535.
std::uint32_t smallest_mtu(const std::string& interface);

/// The router of the default route through `interface` in the main routing table.
std::optional<IpAddress> default_gateway(const std::string& interface);

/// Like Device::path_to; through `interface` only when a name is given.
expected<KernelPath, Error> kernel_path_to(const IpAddress& remote, const std::string& interface);

}  // namespace leat
