// Opens a device by its specification, as users write it: "raw", "raw:eth0", "packet:eth0", "xdp:eth0", "tap:leat0",
// "tun:leat0".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

struct DeviceOptions {
  std::optional<MacAddress> mac;  ///< MAC address; else a random one, or for xdp: the interface's
  /// Only packet: and xdp: share the kernel's IP address and MAC address; `mac` is then ignored.
  bool shares_host_address = false;
  /// packet:, tap: and tun: send super-segments and partial checksums; tap: and tun: may receive them.
  bool offloads = true;
  bool whole_wire = false;      ///< receives the frames of every station
  bool one_of_several = false;  ///< one of several queues of an interface: tap:, tun: and packet:
  /// Only packet: with one_of_several: the PACKET_FANOUT group of the queues; the first device chooses it.
  std::optional<std::uint16_t>* group = nullptr;
  /// Only xdp: the addresses whose packets are taken from the kernel.
  std::vector<IpAddress> addresses{};
};

/// A specification cut at its colon: "packet:eth0" is {"packet", "eth0"}; "raw" alone is {"raw", ""}.
struct LinkSpec {
  std::string kind, name;
};
expected<LinkSpec, DeviceError> parse_link_spec(std::string_view spec);
/// The name of the interface that the link uses, without the queue of "xdp:eth0:2".
std::string interface_of(const LinkSpec& spec);

/// Opens the device in the network namespace of the calling thread. Any one thread may then use it.
expected<std::unique_ptr<Device>, DeviceError> open_device(std::string_view spec, const DeviceOptions& options = {});

/// Opens `count` devices on one interface, all with the same MAC address. The kernel divides the flows among them.
/// Error unsupported: this kind of link has one queue.
expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_queues(std::string_view spec,
                                                                        const DeviceOptions& options, unsigned count);

}  // namespace leat
