// InterfaceQueues: the number of queues of an interface in each direction, and their division among cores.
// open_xdp_devices uses it.
#pragma once

#include <string>
#include <vector>

#include "device/af_xdp.h"

namespace leat::xdp {

struct InterfaceQueues {
  unsigned receive = 1, send = 1;
  bool in_pairs = true;  ///< a queue has both ways, and they are counted together (ethtool: combined)
};
/// One queue in each direction when the driver does not report them.
InterfaceQueues queues_of(const std::string& interface);

/// The numbers of the queues of each core; the first one sends.
expected<std::vector<std::vector<unsigned>>, DeviceError> share_queues(const XdpTarget& target,
                                                                       const InterfaceQueues& there, unsigned cores);

}  // namespace leat::xdp
