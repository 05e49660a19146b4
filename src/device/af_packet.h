// A packet socket on an interface of the kernel, used with a station address of our own: the kernel's stack on that
// interface and ours live side by side, as two hosts on one wire.
//
// Frames come and go with a virtio header, so checksums that the kernel has not filled in and 64 kB super-segments
// are right with every offload switched on. Frames for other stations, and what the kernel itself sends through the
// interface, are filtered out before they cost anything; with DeviceOptions::whole_wire those for other stations are
// taken as well, for a bridge or a wire. VLAN-tagged frames are not ours: dropped and counted.
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
