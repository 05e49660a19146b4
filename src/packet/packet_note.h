// PacketNote: the reason for a packet that its bytes do not show: a retransmission, a probe, a challenge. TCP sets it,
// and a super-segment passes it on to its segments. Only captures read it. PacketVerdict is the counterpart for
// received packets.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/counters.h"

namespace leat {

enum class NoteKind : std::uint8_t {
  none,
  syn_time_out,     ///< retransmitted SYN or SYN-ACK, time-out `number` of `limit`; 0: the peer repeated its SYN
  time_out,         ///< first segment after a time-out, the `number`th of at most `limit` in a row
  after_time_out,   ///< further segments that the time-out marked lost
  smaller_path,     ///< data that was in flight in segments too large for the path
  fast_retransmit,  ///< three duplicate ACKs
  partial_ack,      ///< the next hole, after a partial ACK
  overtaken,        ///< data that was sent later has arrived
  lost_again,       ///< data that was sent later than the retransmission has arrived
  tail_probe,       ///< tail loss probe with new data: no ACK for two round trips
  tail_again,       ///< tail loss probe that repeats the last segment
  reneged,          ///< the peer has discarded data that it had SACKed
  window_probe,     ///< probe of a closed window; `number` unanswered of at most `limit`
  window_override,  ///< a small segment, after a long wait for a larger window
  keep_alive,       ///< keep-alive probe; `number` unanswered of at most `limit`
  challenge_reset,  ///< a challenge ACK for a RST that is not at the left edge of the window
  challenge_syn,    ///< a challenge ACK for a SYN inside a connection
  challenge_ack,    ///< a challenge ACK for an acknowledgement out of range
  old_timestamp,    ///< an ACK for a segment with an old timestamp (PAWS)
  unacceptable,     ///< an ACK for a segment outside the window
  kCount,
};

struct PacketNote {
  NoteKind kind = NoteKind::none;
  std::uint8_t number = 0;
  std::uint8_t limit = 0;
  constexpr bool operator==(const PacketNote&) const = default;
};

/// The fate of a received packet.
struct PacketVerdict {
  std::optional<DropReason> drop;  ///< nothing: the packet was accepted
};

}  // namespace leat
