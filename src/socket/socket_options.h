// SocketOptions: what setsockopt() has set on a socket, in Linux's terms; a child of a listener begins with its
// parent's. What TCP acts on is in `tcp`, and told to the Stack.
#pragma once

#include <cstdint>
#include <optional>

#include "leat/tcp_settings.h"
#include "leat/time.h"

namespace leat {

struct SocketOptions {
  // SOL_SOCKET
  bool keep_alive = false;
  bool oob_inline = false;
  bool broadcast = false, dont_route = false, debug = false, no_check = false;  ///< kept, and mean nothing here
  bool linger = false;
  std::int32_t linger_seconds = 0;
  std::int32_t priority = 0;
  std::int32_t send_buffer = 0, receive_buffer = 0;  ///< as getsockopt() tells them: doubled
  std::int32_t receive_low_water = 1;
  std::optional<Duration> receive_timeout, send_timeout;

  // IPPROTO_IP
  std::uint8_t tos = 0;
  std::int32_t ttl = -1;  ///< -1: the system's default
  std::int32_t mtu_discover = 1;
  std::int32_t min_ttl = 0;
  bool receive_errors = false, free_bind = false, bind_no_port = false;

  // IPPROTO_TCP
  std::int32_t keep_idle = 0, keep_interval = 0, keep_count = 0;  ///< seconds, seconds, probes; 0: the system's
  std::int32_t max_segment = 0;                                   ///< 0: by the path
  bool nodelay = false, cork = false;
  std::int32_t syn_count = 0;     ///< 0: the system's
  std::int32_t linger2 = 0;       ///< seconds; 0: the system's, -1: none
  std::uint8_t defer_accept = 0;  ///< SYN-ACKs
  std::int32_t window_clamp = 0;  ///< bytes; 0: none
  bool quick_ack = true;
  std::int32_t user_timeout = 0;    ///< milliseconds; 0: none
  std::uint32_t notsent_lowat = 0;  ///< bytes; 0: the system's
  bool thin_linear = false;
  std::int32_t save_syn = 0;
  bool inq = false;

  TcpSettings tcp;
};

}  // namespace leat
