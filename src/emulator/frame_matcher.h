// Decides whether an impairment applies to a frame. The link emulator calls it for each frame, before and after it
// splits super-segments.
#pragma once

#include "leat/impairment.h"
#include "packet/packet.h"

namespace leat {

/// True if the impairment applies. The IP packet begins after `link_header` bytes, 14 (Ethernet) or 0. A super-segment
/// has the flags of all its segments. Fragments other than the first, and IPv6 packets with extension headers, have no
/// ports and flags.
bool is_match(const FrameMatch& match, const Packet& frame, std::size_t link_header);

}  // namespace leat
