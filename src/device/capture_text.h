// The comments of a capture on packets: why one was dropped or sent, with the section of the RFC.
#pragma once

#include <string>
#include <string_view>

#include "packet/packet_note.h"

namespace leat {

/// "dropped: TCP_OLD_DATA: a segment wholly before the window (RFC 9293 §3.10.7.4)".
std::string describe_drop(DropReason reason);

/// "retransmission: time-out 2 of 15 (RFC 6298 §5.4)"; empty for a segment that explains itself.
std::string describe_note(const PacketNote& note);

}  // namespace leat
