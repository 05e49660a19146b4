// AF_XDP: an interface of the kernel, whose frames for our address never get to the kernel's stack: a small program in
// the driver (or behind it, where the driver cannot) hands them to us through shared memory, and lets the rest pass.
//
// With an address of our own, that address is ours whole, and the ARP packets about it. We use the interface's own
// station address unless another one is given, so the interface need not be promiscuous. On an address shared with the
// kernel only claimed ports are taken; what both need (ARP replies, ICMP) comes as a copy by a packet socket beside.
// When the process ends, however it ends, the interface is as before.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "device/open_device.h"
#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// "eth0" or "eth0:3": all queues of the interface, or one.
struct XdpTarget {
  std::string interface;
  std::optional<unsigned> queue;
};
XdpTarget parse_xdp_target(std::string_view name);

/// Nothing when a link of this kind can be expected to work here, on interfaces that are up; else why not. Touches
/// none.
std::optional<DeviceError> xdp_refusal();

/// The interface must exist, carry Ethernet, be up and have no other XDP program.
expected<std::unique_ptr<Device>, DeviceError> open_af_xdp(const std::string& name, const DeviceOptions& options);
/// A device for each core, all of one interface, which has a queue each way for each at least: queue q is the
/// `q % cores`th one's. What both we and the kernel need of a shared address comes to the first one.
expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_af_xdp_cores(const std::string& name,
                                                                              const DeviceOptions& options,
                                                                              unsigned cores);

}  // namespace leat
