// Joining what SegmentSplitter divides: consecutive TCP/IPv4 segments of one flow become a super-segment again, so
// that what travelled segment by segment is handed on at the price of one.
#pragma once

#include <cstddef>

#include "packet/packet.h"

namespace leat {

struct JoinOptions {
  std::size_t link_header = 0;        ///< bytes in front of the IP header
  std::size_t max_super_segment = 0;  ///< the largest result, IP header included
};

/// Appends `next` to `group`, a segment or a super-segment that grew here, when splitting the result again would give
/// back exactly the segments joined: one follows the other in sequence numbers and IP ids, and their headers differ in
/// nothing else but a FIN or PSH on the last and a CWR on the first. Only segments with partial checksums are
/// joined: what was summed once must be judged by its own sum. `next` is empty after true; after false nothing has
/// changed.
bool join_segments(Packet& group, Packet& next, const JoinOptions& options);

}  // namespace leat
