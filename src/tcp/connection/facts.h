// The values that a TcpConnection takes when it is made and gives to the stack: a verdict on each segment and each
// deadline, and the facts that its TIME-WAIT entry needs.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/counters.h"
#include "leat/error.h"
#include "tcp/loss/recovery.h"
#include "wire/seq.h"

namespace leat {

/// The surroundings of a connection. Sizes are in bytes.
struct ConnectionConfig {
  SeqNum initial_sequence;              ///< by RFC 6528
  std::uint32_t timestamp_offset = 0;   ///< of the timestamp clock (RFC 7323 §5.4)
  std::uint16_t receive_mss = 1460;     ///< offered in the MSS option
  std::uint16_t send_mss_limit = 1460;  ///< the largest MSS for the path
  std::uint32_t max_burst = 0;          ///< payload of the largest super-segment; 0: one segment
};

/// An ICMP report about a segment that we sent.
struct PathError {
  SeqNum seq;  ///< of the segment that the report quotes
  Error error = Error::host_unreachable;
  std::uint16_t mss_limit = 0;  ///< not 0: larger segments do not pass, and nothing else is wrong
};

/// The outcome of an arrived segment. The stack counts it.
struct SegmentVerdict {
  std::optional<DropReason> drop;
  bool reset_reply = false;  ///< answer it with a RST as if there were no connection (RFC 9293 §3.10.7.1)
  bool challenge = false;    ///< answered by a challenge ACK (RFC 5961)
  bool queued_out_of_order = false;
  bool refused_ahead = false;  ///< dropped for lack of memory, and out of order
  bool pruned = false;         ///< the out-of-order queue was dropped for lack of memory
  LossEvents losses;
  bool paws_active = false;  ///< a SYN-ACK echoed a timestamp that was never sent
};

/// The outcome of a deadline.
struct TimerVerdict {
  bool retransmission_timeout = false;
  bool tail_probe = false;
  LossEvents losses;
  bool delayed_ack = false;
  bool window_probe = false;
  bool keep_alive = false;  ///< a keep-alive probe
  bool gave_up = false;
};

/// The facts that outlive the connection in TIME-WAIT (RFC 9293 §3.10.7.4).
struct TimeWaitFacts {
  SeqNum snd_nxt, rcv_nxt;
  std::uint32_t rcv_wnd = 0;  ///< bytes
  std::uint8_t rcv_wscale = 0;
  std::optional<std::uint32_t> ts_recent{};
  std::uint32_t ts_offset = 0;
};

}  // namespace leat
