// A packet socket beside AF_XDP sockets that receives nothing: it tells when the interface is gone, which they do not,
// and keeps the interface open to a station address other than its own. Dies with the process.
#pragma once

#include "device/unique_fd.h"

namespace leat::xdp {

/// Readable, with an error, when the interface is removed or goes down. Empty, with errno, when it cannot be had.
UniqueFd watch_station(int interface_index, bool promiscuous);

}  // namespace leat::xdp
