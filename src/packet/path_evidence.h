// PathEvidence: whether a transport has learned, since its last segment, that the path to its peer works. The next
// segment carries it to the neighbour cache (RFC 4861 §7.3.1; Linux: sk_dst_confirm).
#pragma once

#include <cstdint>

namespace leat {

enum class PathEvidence : std::uint8_t {
  none,
  works,   ///< the peer has acknowledged new data, so segments arrive
  silent,  ///< a time-out, or the peer repeats acknowledged data: segments may not arrive
};

}  // namespace leat
