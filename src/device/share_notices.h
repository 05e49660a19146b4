// share_notices: wraps a device of one host of several that share a link, where each host has a part of the flows. A
// notice is a frame that concerns more than one flow: an answer or announcement of ARP, or an ICMP error. The other
// hosts need to see it as well.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "link/device.h"

namespace leat {

/// `tell_others` is called with a copy of each notice while receive() runs, on its thread.
std::unique_ptr<Device> share_notices(std::unique_ptr<Device> inner,
                                      std::function<void(std::vector<std::uint8_t>)> tell_others);

}  // namespace leat
