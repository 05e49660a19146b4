// A device of one host of several that share a link, each with its part of the flows. What arrives here and tells about
// more than one flow, the others need as well: answers and announcements of ARP, and ICMP errors about
// flows of theirs.
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "link/device.h"

namespace leat {

/// `tell_others` is called with a copy of each such frame, while receive() runs on its thread.
std::unique_ptr<Device> relay(std::unique_ptr<Device> inner,
                              std::function<void(std::vector<std::uint8_t>)> tell_others);

}  // namespace leat
