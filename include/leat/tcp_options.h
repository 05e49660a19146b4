// Settings of TCP connections, with Linux's names and defaults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "leat/time.h"

namespace leat {

/// Defaults of every connection of a host.
struct TcpOptions {
  std::optional<std::uint16_t> mss;       ///< largest segment to offer and send, 88..65495 bytes; else from the MTU
  std::uint8_t tos = 0;                   ///< the IPv4 TOS byte of every segment (RFC 2474, 3168)
  std::string congestion_control = "reno";
  unsigned syn_retries = 6;               ///< SYNs after the first, 0..127 (Linux: tcp_syn_retries)
  Duration max_rto = std::chrono::seconds(120);       ///< cap on the RTO (RFC 6298 §2.5: at least 60 s; smaller is for tests)
  std::size_t send_buffer = std::size_t{1} << 20;     ///< bytes, at least 2 KiB
  std::size_t receive_buffer = std::size_t{1} << 20;  ///< bytes, at least 2 KiB
  bool nodelay = false;                   ///< switch Nagle's algorithm off (RFC 9293 §3.7.4)
};

}  // namespace leat
