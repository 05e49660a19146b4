// The device of `xdp:` links, or that of one core among several on one interface: AF_XDP sockets on its queues, and
// what comes beside them. Made by open_xdp_devices.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/interface_watch.h"
#include "device/xdp/redirect_program.h"
#include "device/xdp/shared_address.h"
#include "device/xdp/xsk_queue.h"
#include "link/device.h"

namespace leat::xdp {

/// What an XdpDevice works with.
struct XdpParts {
  unsigned core = 0;
  std::shared_ptr<RedirectProgram> program;       ///< of all cores: off the interface when nobody has it any more
  std::shared_ptr<SharedAddress> shared;          ///< of all cores; none with an address of our own
  std::vector<std::unique_ptr<XskQueue>> queues;  ///< the first one sends
  std::optional<InterfaceWatch> watch;            ///< unless it is this device that receives by `shared`
  std::string description;
};

/// Null, with errno, when the kernel refuses.
std::unique_ptr<Device> make_xdp_device(XdpParts parts, const DeviceCaps& caps);

}  // namespace leat::xdp
