// Opens the devices of an `xdp:` link: the program on the interface, and the sockets of each core. open_af_xdp_cores
// calls it.
#pragma once

#include <memory>
#include <vector>

#include "device/af_xdp.h"
#include "device/interface_info.h"

namespace leat::xdp {

/// Opens one device for each core. open_af_xdp_cores has checked the interface.
expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_xdp_devices(const XdpTarget& target,
                                                                             const InterfaceInfo& info,
                                                                             const DeviceOptions& options,
                                                                             unsigned cores);

}  // namespace leat::xdp
