// Settings of TCP connections, with Linux's names and defaults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "leat/time.h"

namespace leat {

/// Probes of a connection on which nothing moves (RFC 9293 §3.8.4; Linux: tcp_keepalive_*).
struct KeepAlive {
  Duration idle = std::chrono::hours(2);         ///< silence before the first probe
  Duration interval = std::chrono::seconds(75);  ///< between probes
  unsigned probes = 9;                           ///< unanswered ones before the connection is given up, 1..127
  bool operator==(const KeepAlive&) const = default;
};

/// How a buffer sizes itself, in bytes as Linux counts them: about two fifths are taken by bookkeeping.
struct BufferGrowth {
  std::size_t initial, most;
  bool operator==(const BufferGrowth&) const = default;
};

/// Settings of a connection: a host's are the defaults of all its sockets, each of which may have its own, and what a
/// listener accepts begins with the listener's. Where nothing else is said, a change in mid-connection acts on what
/// happens from then on.
struct TcpSettings {
  /// Largest segment to offer and send, 88..65495 bytes; else from the MTU (TCP_MAXSEG). Settled by the SYN.
  std::optional<std::uint16_t> mss;
  std::uint8_t tos = 0;   ///< the IPv4 TOS byte of every segment (RFC 2474, 3168; IP_TOS)
  std::uint8_t ttl = 64;  ///< of every segment, not 0 (IP_TTL)
  /// Changed in mid-connection, the new one goes on from cwnd and ssthresh of the old one (TCP_CONGESTION).
  std::string congestion_control = "cubic";
  unsigned syn_retries = 6;  ///< SYNs after the first, 0..127 (Linux: tcp_syn_retries)
  Duration max_rto =
      std::chrono::seconds(120);  ///< cap on the RTO (RFC 6298 §2.5: at least 60 s; smaller is for tests)
  /// Bytes, at least 2 KiB, and so it stays (SO_SNDBUF, SO_RCVBUF). Else it grows with what the path carries.
  std::optional<std::size_t> send_buffer, receive_buffer;
  BufferGrowth send_growth{16384, std::size_t{4} << 20};       ///< with the congestion window (Linux: tcp_wmem)
  BufferGrowth receive_growth{131072, std::size_t{32} << 20};  ///< with what the reader takes (Linux: tcp_rmem)
  bool moderate_receive_buffer = true;                         ///< it does grow (Linux: tcp_moderate_rcvbuf)
  bool timestamps = true;  ///< offer and accept them (RFC 7323; Linux: tcp_timestamps)
  bool sack = true;        ///< offer and accept it (RFC 2018; Linux: tcp_sack)
  /// Switch Nagle's algorithm off (RFC 9293 §3.7.4, TCP_NODELAY). Switched on in mid-connection, what waits goes at
  /// once.
  bool nodelay = false;
  /// Full segments only (TCP_CORK). What is less waits until it is uncorked, for the FIN, or for as long as a window
  /// probe would: 200 ms or the RTO if that is longer, with nothing in flight.
  bool cork = false;
  /// Bytes written and not sent yet from which on write() takes no more; writable again below half of it
  /// (TCP_NOTSENT_LOWAT). The write that reaches it is taken up to a whole segment.
  std::uint32_t notsent_lowat = 0xffffffff;
  /// The largest window to offer, bytes; 0: what receive_buffer gives (TCP_WINDOW_CLAMP). Never shrinks what was
  /// offered.
  std::uint32_t window_clamp = 0;
  /// Of a listener: how long a peer that has completed the handshake may take to send data before it is accepted
  /// without (TCP_DEFER_ACCEPT). Zero: no wait. Measured in time-outs of the SYN-ACK, so that it is rounded up to 1, 3,
  /// 7 … s.
  Duration defer_accept{};
  /// Acknowledge at once at first and after silence (TCP_QUICKACK). False: begin as an interactive connection does,
  /// with delayed ACKs. What the traffic makes of it later: TcpInfo::quick_ack; Stack::set_quick_ack() changes it
  /// again.
  bool quick_ack = true;
  /// Urgent data is part of the stream (SO_OOBINLINE, RFC 6093 §5). False, Linux's default for a socket: read() leaves
  /// the last urgent byte out, and read_urgent() gives it.
  bool oob_inline = true;
  bool push_each_segment = false;  ///< PSH on every segment with data, not only where the sender has no more

  /// Least time between two ACKs that answer segments out of place, of a connection (RFC 5961 §7; Linux:
  /// tcp_invalid_ratelimit). Zero: no limit.
  Duration challenge_interval = std::chrono::milliseconds(500);
  unsigned syn_ack_retries = 5;     ///< SYN-ACKs after the first, 0..127 (Linux: tcp_synack_retries)
  bool reset_half_open = false;     ///< RST to a peer that never completes the handshake; Linux forgets it silently
  unsigned retries = 15;            ///< time-outs in a row before data is given up, 1..127 (Linux: tcp_retries2)
  std::size_t max_orphans = 65536;  ///< closed connections that still deliver; more are reset (tcp_max_orphans)
  unsigned orphan_retries = 8;      ///< the same once the application has closed (Linux: tcp_orphan_retries)
  /// How long data may stay unacknowledged, or wait for window, before the connection is given up; in place of
  /// `retries` (RFC 5482, TCP_USER_TIMEOUT). Also bounds opening and, with keep_alive, idleness.
  std::optional<Duration> user_timeout;
  std::optional<KeepAlive> keep_alive;                   ///< off by default (RFC 9293 §3.8.4)
  Duration delayed_ack = std::chrono::milliseconds(40);  ///< below 500 ms (RFC 9293 §3.8.6.3); zero: never
  /// How long a closed socket may stay in FIN-WAIT-2 (Linux: tcp_fin_timeout); zero: it is reset there.
  Duration fin_wait_2 = std::chrono::seconds(60);

  bool operator==(const TcpSettings&) const = default;
};

}  // namespace leat
