// TcpSettings: the settings of TCP connections, with the names and defaults of Linux.
//
// Sources: RFC 9293 unless a comment names another. Linux: the sysctl or socket option of the same purpose. Threading:
// plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "leat/time.h"

namespace leat {

/// Probes on an idle connection (RFC 9293 §3.8.4; Linux: tcp_keepalive_*).
struct KeepAlive {
  Duration idle = std::chrono::hours(2);         ///< silence before the first probe
  Duration interval = std::chrono::seconds(75);  ///< time between probes
  unsigned probes = 9;                           ///< unanswered probes before the connection fails, 1..127
  bool operator==(const KeepAlive&) const = default;
};

/// The range within which a buffer sizes itself, in bytes as Linux counts them. Bookkeeping takes about 40 % of them.
struct BufferGrowth {
  std::size_t initial, most;
  bool operator==(const BufferGrowth&) const = default;
};

/// Settings of a connection. A host's settings are the defaults of its sockets. Each socket may have its own, and an
/// accepted connection begins with those of its listener. A change during a connection acts on later events, unless a
/// comment says otherwise.
struct TcpSettings {
  /// Largest segment to advertise and send, 88..65495 bytes (TCP_MAXSEG). Default: from the MTU. The SYN fixes it.
  std::optional<std::uint16_t> mss;
  std::uint8_t tos = 0;   ///< IPv4 TOS byte of each segment (RFC 2474, RFC 3168; IP_TOS)
  std::uint8_t ttl = 64;  ///< TTL of each segment, 1..255 (IP_TTL)
  /// Name of the congestion control (TCP_CONGESTION). Changed during a connection, the new one starts with the cwnd and
  /// ssthresh of the old one.
  std::string congestion_control = "cubic";
  unsigned syn_retries = 6;  ///< SYNs after the first, 0..127 (Linux: tcp_syn_retries)
  /// Upper limit of the RTO. RFC 6298 §2.5 requires at least 60 s; smaller values are for tests.
  Duration max_rto = std::chrono::seconds(120);
  /// Fixed sizes of the buffers, at least 2048 bytes (SO_SNDBUF, SO_RCVBUF). Default: they grow with the path.
  std::optional<std::size_t> send_buffer, receive_buffer;
  BufferGrowth send_growth{16384, std::size_t{4} << 20};       ///< grows with the congestion window (Linux: tcp_wmem)
  BufferGrowth receive_growth{131072, std::size_t{32} << 20};  ///< grows with the reader (Linux: tcp_rmem)
  bool moderate_receive_buffer = true;                         ///< whether receive_growth applies (tcp_moderate_rcvbuf)
  bool timestamps = true;  ///< offer and accept timestamps (RFC 7323; Linux: tcp_timestamps)
  bool sack = true;        ///< offer and accept SACK (RFC 2018; Linux: tcp_sack)
  /// Disables Nagle's algorithm (RFC 9293 §3.7.4; TCP_NODELAY). Set during a connection, waiting data is sent at once.
  bool nodelay = false;
  /// Sends full segments only (TCP_CORK). A smaller segment waits for one of these: the end of corking, the FIN, or 200
  /// ms (the RTO if that is longer) with nothing in flight.
  bool cork = false;
  /// Limit of unsent bytes at which write() takes no more. The socket is writable again below half of it
  /// (TCP_NOTSENT_LOWAT). The write that reaches the limit is taken up to a whole segment.
  std::uint32_t notsent_lowat = 0xffffffff;
  /// The largest window to advertise, in bytes (TCP_WINDOW_CLAMP). 0: the receive buffer alone decides. It never takes
  /// back a window that was advertised.
  std::uint32_t window_clamp = 0;
  /// For a listener: how long a peer that has completed the handshake may take to send data. After that it is accepted
  /// without data (TCP_DEFER_ACCEPT). Zero: accept at once. Rounded up to time-outs of the SYN-ACK: 1, 3, 7 … s.
  Duration defer_accept{};
  /// Acknowledge at once at first and after silence (TCP_QUICKACK). False: begin with delayed ACKs, as an interactive
  /// connection. Traffic changes the mode later; TcpInfo::quick_ack returns it.
  bool quick_ack = true;
  /// Urgent data stays in the stream (SO_OOBINLINE; RFC 6093 §5). False, Linux's default for a socket: read() skips the
  /// last urgent byte, and recv() with MSG_OOB returns it.
  bool oob_inline = true;
  /// Segments that are sent in one piece at least, where the window allows it, 1..65535 (Linux: tcp_min_tso_segs).
  std::uint16_t least_burst = 2;
  bool push_each_segment = false;  ///< PSH on each segment with data, not only at the end of the queued data

  /// Least time between two ACKs that answer segments out of place, of a connection (RFC 5961 §7; Linux:
  /// tcp_invalid_ratelimit). Zero: no limit.
  Duration challenge_interval = std::chrono::milliseconds(500);
  /// Probe for a lost tail after two round trips instead of waiting for the time-out (RFC 8985 §7; Linux:
  /// tcp_early_retrans).
  bool tail_loss_probe = true;
  /// Shrink the congestion window after an idle time (RFC 2861; Linux: tcp_slow_start_after_idle).
  bool restart_after_idle = true;
  unsigned syn_ack_retries = 5;     ///< SYN-ACKs after the first, 0..127 (Linux: tcp_synack_retries)
  bool reset_half_open = false;     ///< RST to a peer that never completes the handshake; Linux sends none
  unsigned retries = 15;            ///< consecutive time-outs before the connection fails, 1..127 (Linux: tcp_retries2)
  std::size_t max_orphans = 65536;  ///< closed connections that still deliver; more are reset (tcp_max_orphans)
  unsigned orphan_retries = 8;      ///< as retries, after the application has closed (Linux: tcp_orphan_retries)
  /// How long data may stay unacknowledged, or wait for window, before the connection fails. Replaces `retries` (RFC
  /// 5482; TCP_USER_TIMEOUT). It also limits opening and, with keep_alive, idleness.
  std::optional<Duration> user_timeout;
  std::optional<KeepAlive> keep_alive;                   ///< off by default (RFC 9293 §3.8.4)
  Duration delayed_ack = std::chrono::milliseconds(40);  ///< less than 500 ms (RFC 9293 §3.8.6.3); zero: no delay
  /// How long a closed socket may stay in FIN-WAIT-2 (Linux: tcp_fin_timeout). Zero: it is reset there.
  Duration fin_wait_2 = std::chrono::seconds(60);

  bool operator==(const TcpSettings&) const = default;
};

}  // namespace leat
