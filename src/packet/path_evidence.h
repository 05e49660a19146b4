// PathEvidence: what a transport has learned about the way to its peer since its last segment. The segment carries it
// down to the neighbour cache (RFC 4861 §7.3.1; Linux: sk_dst_confirm).
#pragma once

#include <cstdint>

namespace leat {

enum class PathEvidence : std::uint8_t {
  none,
  works,   ///< the peer has acknowledged something new: what we send arrives
  silent,  ///< a time-out, or the peer repeats what we have acknowledged: what we send may not arrive
};

}  // namespace leat
