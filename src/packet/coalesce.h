// Software GRO, the inverse of SegmentSplitter: joins consecutive TCP/IPv4 segments of one flow into a super-segment,
// so that the next consumer handles them at the cost of one packet.
#pragma once

#include <cstddef>

#include "packet/packet.h"

namespace leat {

struct JoinOptions {
  std::size_t link_header = 0;        ///< bytes in front of the IP header
  std::size_t max_super_segment = 0;  ///< the largest result, IP header included
};

/// Appends `next` to `group`, a segment or a result of an earlier call, if splitting the result would give exactly the
/// joined segments. That requires consecutive sequence numbers and IP ids, and headers that are otherwise equal except
/// for FIN or PSH on the last segment and CWR on the first. Only segments with partial checksums are joined, because a
/// complete checksum must be verified over its own segment. Returns true, and `next` is then empty; or false, and
/// nothing has changed.
bool join_segments(Packet& group, Packet& next, const JoinOptions& options);

}  // namespace leat
