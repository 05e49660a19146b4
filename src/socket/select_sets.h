// select()'s bit sets <-> pollfds.
#pragma once

#include <poll.h>

#include <cstdint>
#include <span>
#include <vector>

#include "socket/sockets.h"

namespace leat {

/// One pollfd for each descriptor below `nfds` that is in a set.
std::vector<pollfd> read_select_sets(int nfds, const Sockets::SelectSets& sets);
/// Leaves in the sets what is ready; how many bits that is. Without pollfds: empties them.
std::int64_t write_select_sets(std::span<const pollfd> fds, const Sockets::SelectSets& sets);

}  // namespace leat
