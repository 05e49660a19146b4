// Why a control call failed. Names follow errno's meaning; to_string gives a sentence for people.
#pragma once

#include <cstdint>
#include <string_view>

namespace leat {

enum class Error : std::uint8_t {
  none = 0,
  would_block,            ///< EAGAIN: nothing to read, no room to write, nobody to accept
  refused,                ///< ECONNREFUSED: the peer answered our SYN with RST
  reset,                  ///< ECONNRESET: the peer sent RST on an open connection
  timed_out,              ///< ETIMEDOUT: retries or the time given used up
  aborted,                ///< ECONNABORTED: we aborted the connection ourselves
  closed,                 ///< EPIPE: writing after our own shutdown, or a handle that was closed
  host_unreachable,       ///< EHOSTUNREACH: no neighbour answers, or ICMP says so
  network_unreachable,    ///< ENETUNREACH: no route
  address_in_use,         ///< EADDRINUSE
  address_not_available,  ///< EADDRNOTAVAIL: not an address of this host, or no free port
  not_connected,          ///< ENOTCONN
  already_connected,      ///< EISCONN
  invalid_argument,       ///< EINVAL
  bad_handle,             ///< EBADF: never valid, or of an earlier generation
  no_buffers,             ///< ENOBUFS: a bound on memory or on sockets was reached
  not_permitted,          ///< EPERM / EACCES from the system while opening a device
  no_device,              ///< ENODEV: no such interface, or it is down
  unsupported,            ///< EOPNOTSUPP
  system,                 ///< any other error of the operating system
};

/// A short English phrase, e.g. "connection refused". Never empty.
std::string_view to_string(Error error);

}  // namespace leat
