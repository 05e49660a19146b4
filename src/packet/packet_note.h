// PacketNote: why a packet is sent when that is not plain from its bytes: it is a retransmission, a probe, a challenge.
// Set by TCP, carried beside the bytes, kept when a super-segment is split; only captures look at it.
// PacketVerdict is its counterpart on the way up.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/counters.h"

namespace leat {

enum class NoteKind : std::uint8_t {
  none,
  syn_time_out,     ///< a SYN or SYN-ACK again; `number` of at most `limit` time-outs, 0: the peer asked again
  time_out,         ///< the first segment after a time-out; `number` of at most `limit` in a row
  after_time_out,   ///< more of what the time-out took for lost
  smaller_path,     ///< what was under way in segments that are too large for the path
  fast_retransmit,  ///< three duplicate ACKs
  partial_ack,      ///< the next hole, told by a partial ACK
  overtaken,        ///< something sent later has arrived
  lost_again,       ///< … than its retransmission
  tail_probe,       ///< new data, because nothing was heard for two round trips
  tail_again,       ///< the last segment again, for the same reason
  reneged,          ///< the peer had sacked it, and has it no more
  window_probe,     ///< the window is closed; `number` unanswered of at most `limit`
  window_override,  ///< a small segment that waited too long for a larger window
  keep_alive,       ///< the connection is idle; `number` unanswered of at most `limit`
  challenge_reset,  ///< a challenge ACK for a RST that is not exactly at the window's left edge
  challenge_syn,    ///< a challenge ACK for a SYN inside a connection
  challenge_ack,    ///< a challenge ACK for an acknowledgement out of range
  old_timestamp,    ///< an ACK because of a segment with a timestamp from the past
  unacceptable,     ///< an ACK because a segment lay outside the window
  kCount,
};

struct PacketNote {
  NoteKind kind = NoteKind::none;
  std::uint8_t number = 0;
  std::uint8_t limit = 0;
  constexpr bool operator==(const PacketNote&) const = default;
};

/// What became of a packet that arrived.
struct PacketVerdict {
  std::optional<DropReason> drop;  ///< none: it was taken
};

}  // namespace leat
