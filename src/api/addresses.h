// Which addresses a host gets on its link: those of its configuration, the kernel's, or both at once.
//
// On a raw link they are always the kernel's. On a packet link they are when none is given, or when the given one is
// the kernel's on that interface; else Leat is a host of its own beside the kernel.
#pragma once

#include <optional>
#include <vector>

#include "device/open_device.h"
#include "leat/host.h"

namespace leat {

struct AddressPlan {
  std::vector<IpPrefix> addresses;
  std::optional<IpAddress> gateway;
  bool shared = false;         ///< with the kernel
  bool all_addresses = false;  ///< all that it has, whatever they will be
};

/// Asks the kernel of the calling thread's network namespace. `config` was checked but for this.
expected<AddressPlan, HostError> plan_addresses(const HostConfig& config, const LinkSpec& link);

}  // namespace leat
