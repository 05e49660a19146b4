// What goes into a TcpConnection when it is made, and what it tells the stack: of a segment, of a deadline, and for the
// time when only its TIME-WAIT entry is left.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/counters.h"
#include "leat/error.h"
#include "tcp/loss/recovery.h"
#include "wire/seq.h"

namespace leat {

/// Where a connection stands. Sizes in bytes.
struct ConnectionConfig {
  SeqNum initial_sequence;              ///< by RFC 6528
  std::uint32_t timestamp_offset = 0;   ///< of the clock that the peer sees (RFC 7323 §5.4)
  std::uint16_t receive_mss = 1460;     ///< what we offer in the MSS option
  std::uint16_t send_mss_limit = 1460;  ///< what the path takes at most
  std::uint32_t max_burst = 0;          ///< payload of the largest super-segment; 0: one segment
};

/// What the network reports about a segment of ours by ICMP.
struct PathError {
  SeqNum seq;  ///< of the segment that the report quotes
  Error error = Error::host_unreachable;
  std::uint16_t mss_limit = 0;  ///< not 0: larger segments do not pass; nothing else is wrong
};

/// What became of an arrived segment; the stack counts it.
struct SegmentVerdict {
  std::optional<DropReason> drop;
  bool reset_reply = false;  ///< answer it with a RST as if there were no connection (RFC 9293 §3.10.7.1)
  bool challenge = false;    ///< answered by a challenge ACK (RFC 5961)
  bool queued_out_of_order = false;
  bool refused_ahead = false;  ///< dropped for lack of memory, and out of order
  bool pruned = false;         ///< what waited out of order was given up for lack of memory
  LossEvents losses;
  bool paws_active = false;  ///< a SYN-ACK echoed a timestamp that was never sent
};

/// What a deadline brought about.
struct TimerVerdict {
  bool retransmission_timeout = false;
  bool tail_probe = false;
  LossEvents losses;
  bool delayed_ack = false;
  bool window_probe = false;
  bool keep_alive = false;  ///< a keep-alive probe
  bool gave_up = false;
};

/// What outlives the connection in TIME-WAIT (RFC 9293 §3.10.7.4).
struct TimeWaitFacts {
  SeqNum snd_nxt, rcv_nxt;
  std::uint32_t rcv_wnd = 0;  ///< bytes
  std::uint8_t rcv_wscale = 0;
  std::optional<std::uint32_t> ts_recent{};
  std::uint32_t ts_offset = 0;
};

}  // namespace leat
