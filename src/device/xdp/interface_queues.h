// InterfaceQueues: how many queues an interface has each way, and which of them each core gets. Used by
// open_xdp_devices.
#pragma once

#include <string>
#include <vector>

#include "device/af_xdp.h"

namespace leat::xdp {

struct InterfaceQueues {
  unsigned receive = 1, send = 1;
  bool in_pairs = true;  ///< a queue has both ways, and they are counted together (ethtool: combined)
};
/// One of each where the driver does not tell.
InterfaceQueues queues_of(const std::string& interface);

/// The queues of each of `cores`, by number, the one that sends first.
expected<std::vector<std::vector<unsigned>>, DeviceError> share_queues(const XdpTarget& target,
                                                                       const InterfaceQueues& there, unsigned cores);

}  // namespace leat::xdp
