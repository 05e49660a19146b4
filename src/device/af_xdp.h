// AF_XDP: an interface of the kernel whose frames for Leat's address do not reach the kernel's stack. A small program
// in the driver, or behind a driver that cannot run it, redirects them to shared memory and lets all other frames pass.
//
// With an address of its own, the device takes all packets for it and the ARP packets about it. It uses the interface's
// MAC address unless another one is given, so the interface need not be promiscuous. On an address that it shares with
// the kernel, it takes only claimed ports; a packet socket receives copies of the frames that both need (ARP replies,
// ICMP). When the process ends, even by a crash, the interface is as before.
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

/// An interface with all its queues ("eth0"), or with one ("eth0:3").
struct XdpTarget {
  std::string interface;
  std::optional<unsigned> queue;
};
XdpTarget parse_xdp_target(std::string_view name);

/// Why links of this kind cannot work on this machine; nothing when they can be expected to, on interfaces that are up.
/// Does not touch any interface.
std::optional<DeviceError> xdp_refusal();

/// The interface must exist, carry Ethernet, be up and have no other XDP program.
expected<std::unique_ptr<Device>, DeviceError> open_af_xdp(const std::string& name, const DeviceOptions& options);
/// One device for each core, all on one interface, which needs at least one queue in each direction for each core. Core
/// `q % cores` has queue q. The first core receives the frames of a shared address that the kernel needs as well.
expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_af_xdp_cores(const std::string& name,
                                                                              const DeviceOptions& options,
                                                                              unsigned cores);

}  // namespace leat
