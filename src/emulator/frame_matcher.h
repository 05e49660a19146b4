// Tells whether an impairment concerns a frame. Called by the link emulator for every frame, before and after
// super-segments are split.
#pragma once

#include "leat/impairment.h"
#include "packet/packet.h"

namespace leat {

/// `link_header` bytes stand before the IP packet: 14 (Ethernet) or 0. Of a super-segment the flags count that any of
/// its segments has. Fragments but the first have no ports and flags; an IPv6 packet with extension headers neither.
bool is_match(const FrameMatch& match, const Packet& frame, std::size_t link_header);

}  // namespace leat
