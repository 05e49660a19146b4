// A packet socket on an interface of the kernel, used with a MAC address of its own: the kernel's stack on that
// interface and Leat's live side by side, as two hosts on one wire.
//
// Each frame has a virtio header, so checksums that the kernel has not filled in and 64 kB super-segments are handled
// correctly with every offload switched on. A socket filter drops frames for other stations and the frames that the
// kernel itself sends through the interface. With DeviceOptions::whole_wire it lets frames for other stations pass, for
// a bridge or a wire. VLAN-tagged frames are dropped and counted.
#pragma once

#include <memory>
#include <string>

#include "device/open_device.h"
#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// The interface must exist, carry Ethernet and be up.
expected<std::unique_ptr<Device>, DeviceError> open_af_packet(const std::string& interface,
                                                              const DeviceOptions& options);

}  // namespace leat
