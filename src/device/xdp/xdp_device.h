// The device of an `xdp:` link, or of one of its cores: AF_XDP sockets on its queues, and the other sources of frames.
// open_xdp_devices creates it.
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

/// The parts of an XdpDevice.
struct XdpParts {
  unsigned core = 0;
  std::shared_ptr<RedirectProgram> program;       ///< shared by all cores; removed from the interface with the last one
  std::shared_ptr<SharedAddress> shared;          ///< shared by all cores; none with an address of its own
  std::vector<std::unique_ptr<XskQueue>> queues;  ///< the first one sends
  std::optional<InterfaceWatch> watch;            ///< none for the device that receives through `shared`
  std::string description;
};

/// Returns null with errno when the kernel refuses.
std::unique_ptr<Device> make_xdp_device(XdpParts parts, const DeviceCaps& caps);

}  // namespace leat::xdp
