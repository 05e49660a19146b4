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
  std::optional<MacAddress> mac;  ///< our station address; else a random one, or for xdp: the interface's
  /// packet: and xdp: only: the kernel's address and station address are ours too; `mac` does not count then.
  bool shares_host_address = false;
  /// packet:, tap: and tun: take super-segments and partial checksums, and tap: and tun: may be handed some.
  bool offloads = true;
  bool whole_wire = false;      ///< no station of ours: every frame that arrives, whoever it is for
  bool one_of_several = false;  ///< queues of one interface: tap:, tun: and packet:
  /// packet: only, of one_of_several: the group that they make up (PACKET_FANOUT); the first one names it.
  std::optional<std::uint16_t>* group = nullptr;
  /// xdp: only: what is to be taken from the kernel.
  std::vector<IpAddress> addresses{};
};

/// A specification cut at its colon: "packet:eth0" is {"packet", "eth0"}; "raw" alone is {"raw", ""}.
struct LinkSpec {
  std::string kind, name;
};
expected<LinkSpec, DeviceError> parse_link_spec(std::string_view spec);
/// The interface of the machine's that the link uses: its name, without the queue of "xdp:eth0:2".
std::string interface_of(const LinkSpec& spec);

/// The device is opened in the network namespace of the calling thread and may then be used by any one thread.
expected<std::unique_ptr<Device>, DeviceError> open_device(std::string_view spec, const DeviceOptions& options = {});

/// `count` devices on one interface, all the same station; the kernel gives each a part of the flows, and all of a flow
/// the same one. Error unsupported: not on this kind of link.
expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_queues(std::string_view spec,
                                                                        const DeviceOptions& options, unsigned count);

}  // namespace leat
