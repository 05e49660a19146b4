// Decides the addresses of a host on its link: those of its configuration, the kernel's, or both.
//
// On a raw link they are the kernel's. On a packet link they are the kernel's if none is configured, or if the
// configured ones belong to the kernel on that interface. Otherwise Leat is another host beside the kernel.
#pragma once

#include <optional>
#include <vector>

#include "device/open_device.h"
#include "leat/host.h"

namespace leat {

struct AddressPlan {
  std::vector<IpPrefix> addresses;
  std::optional<IpAddress> gateway;
  bool shared = false;         ///< true if shared with the kernel
  bool all_addresses = false;  ///< all addresses of the kernel, also later ones
};

/// Asks the kernel, in the network namespace of the calling thread. Everything else in `config` must have been checked.
expected<AddressPlan, HostError> plan_addresses(const HostConfig& config, const LinkSpec& link);

}  // namespace leat
