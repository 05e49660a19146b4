// The device of `xdp:` links: AF_XDP sockets on the queues of an interface, the program that sends our frames there,
// and what comes the other way. Called by open_af_xdp.
#pragma once

#include "device/af_xdp.h"
#include "device/interface_info.h"

namespace leat::xdp {

/// The interface is one that open_af_xdp has looked at.
expected<std::unique_ptr<Device>, DeviceError> open_xdp_device(const XdpTarget& target, const InterfaceInfo& info,
                                                               const DeviceOptions& options);

}  // namespace leat::xdp
