// The errno of a stack's Error: what Linux calls the same trouble.
#pragma once

#include <cerrno>

#include "leat/error.h"

namespace leat {

constexpr int errno_of(Error error) {
  switch (error) {
    case Error::none: return 0;
    case Error::would_block: return EAGAIN;
    case Error::refused: return ECONNREFUSED;
    case Error::reset: return ECONNRESET;
    case Error::timed_out: return ETIMEDOUT;
    case Error::aborted: return ECONNABORTED;
    case Error::closed: return EPIPE;
    case Error::host_unreachable: return EHOSTUNREACH;
    case Error::network_unreachable: return ENETUNREACH;
    case Error::address_in_use: return EADDRINUSE;
    case Error::address_not_available: return EADDRNOTAVAIL;
    case Error::not_connected: return ENOTCONN;
    case Error::already_connected: return EISCONN;
    case Error::invalid_argument: return EINVAL;
    case Error::bad_handle: return EBADF;
    case Error::no_buffers: return ENOBUFS;
    case Error::not_permitted: return EPERM;
    case Error::no_device: return ENETDOWN;
    case Error::unsupported: return EOPNOTSUPP;
    case Error::system: return EIO;
  }
  return EIO;
}

}  // namespace leat
