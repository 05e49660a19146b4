#include "leat/error.h"

namespace leat {

std::string_view to_string(Error error) {
  switch (error) {
    case Error::none: return "success";
    case Error::would_block: return "operation would block";
    case Error::refused: return "connection refused";
    case Error::reset: return "connection reset by peer";
    case Error::timed_out: return "timed out";
    case Error::aborted: return "connection aborted";
    case Error::closed: return "already closed for this direction";
    case Error::host_unreachable: return "no route to host";
    case Error::network_unreachable: return "network is unreachable";
    case Error::address_in_use: return "address already in use";
    case Error::address_not_available: return "address not available";
    case Error::not_connected: return "not connected";
    case Error::already_connected: return "already connected";
    case Error::invalid_argument: return "invalid argument";
    case Error::bad_handle: return "no such socket";
    case Error::no_buffers: return "out of buffers or sockets";
    case Error::not_permitted: return "operation not permitted";
    case Error::no_device: return "no such device";
    case Error::unsupported: return "not supported";
    case Error::system: return "operating system error";
  }
  return "unknown error";
}

}  // namespace leat
