// Opens the devices of an `xdp:` link: the program on the interface, and for each core its sockets. Called by
// open_af_xdp_cores.
#pragma once

#include <memory>
#include <vector>

#include "device/af_xdp.h"
#include "device/interface_info.h"

namespace leat::xdp {

/// One for each core. The interface is one that open_af_xdp_cores has looked at.
expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_xdp_devices(const XdpTarget& target,
                                                                             const InterfaceInfo& info,
                                                                             const DeviceOptions& options,
                                                                             unsigned cores);

}  // namespace leat::xdp
