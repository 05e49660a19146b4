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
};

/// Defaults of every connection of a host.
struct TcpOptions {
  std::optional<std::uint16_t> mss;  ///< largest segment to offer and send, 88..65495 bytes; else from the MTU
  std::uint8_t tos = 0;              ///< the IPv4 TOS byte of every segment (RFC 2474, 3168)
  std::string congestion_control = "reno";
  unsigned syn_retries = 6;  ///< SYNs after the first, 0..127 (Linux: tcp_syn_retries)
  Duration max_rto =
      std::chrono::seconds(120);  ///< cap on the RTO (RFC 6298 §2.5: at least 60 s; smaller is for tests)
  std::size_t send_buffer = std::size_t{1} << 20;     ///< bytes, at least 2 KiB
  std::size_t receive_buffer = std::size_t{1} << 20;  ///< bytes, at least 2 KiB
  bool timestamps = true;                             ///< offer and accept them (RFC 7323; Linux: tcp_timestamps)
  bool nodelay = false;                               ///< switch Nagle's algorithm off (RFC 9293 §3.7.4)
  bool push_each_segment = false;  ///< PSH on every segment with data, not only where the sender has no more

  unsigned syn_ack_retries = 5;     ///< SYN-ACKs after the first, 0..127 (Linux: tcp_synack_retries)
  bool reset_half_open = false;     ///< RST to a peer that never completes the handshake; Linux forgets it silently
  unsigned retries = 15;            ///< time-outs in a row before data is given up, 1..127 (Linux: tcp_retries2)
  std::size_t max_orphans = 65536;  ///< closed connections that still deliver; more are reset (tcp_max_orphans)
  unsigned orphan_retries = 8;      ///< the same once the application has closed (Linux: tcp_orphan_retries)
  /// How long data may stay unacknowledged, or wait for window, before the connection is given up; in place of
  /// `retries` (RFC 5482, TCP_USER_TIMEOUT). Also bounds opening and, with keep_alive, idleness.
  std::optional<Duration> user_timeout;
  std::optional<KeepAlive> keep_alive;                   ///< off by default (RFC 9293 §3.8.4)
  Duration delayed_ack = std::chrono::milliseconds(40);  ///< below 500 ms (RFC 9293 §3.8.6.3)
  Duration fin_wait_2 = std::chrono::seconds(60);        ///< of a closed socket (Linux: tcp_fin_timeout)
};

}  // namespace leat
