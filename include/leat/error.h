// Error: the reason why a control call failed. Each value corresponds to an errno of Linux.
//
// Threading: plain values.
#pragma once

#include <cstdint>
#include <string_view>

namespace leat {

enum class Error : std::uint8_t {
  none = 0,
  would_block,            ///< EAGAIN: nothing to read, no room to write, no connection to accept
  refused,                ///< ECONNREFUSED: the peer answered the SYN with RST
  reset,                  ///< ECONNRESET: the peer sent RST on an open connection
  timed_out,              ///< ETIMEDOUT: the retries or the time-out of the call ran out
  aborted,                ///< ECONNABORTED: this host aborted the connection
  closed,                 ///< EPIPE: a write after shutdown(), or a handle that was closed
  host_unreachable,       ///< EHOSTUNREACH: no neighbour answers, or an ICMP error says so
  network_unreachable,    ///< ENETUNREACH: no route
  address_in_use,         ///< EADDRINUSE
  address_not_available,  ///< EADDRNOTAVAIL: the address is not of this host, or no port is free
  not_connected,          ///< ENOTCONN
  already_connected,      ///< EISCONN
  invalid_argument,       ///< EINVAL
  bad_handle,             ///< EBADF: the handle was never valid, or its socket is gone
  no_buffers,             ///< ENOBUFS: a limit of memory or of sockets is reached
  not_permitted,          ///< EPERM, EACCES: the system refused to open a device
  no_device,              ///< ENETDOWN: the interface does not exist, is down or was removed
  unsupported,            ///< EOPNOTSUPP
  system,                 ///< any other error of the operating system
};

/// A short English phrase, e.g. "connection refused". Never empty.
std::string_view to_string(Error error);

}  // namespace leat
