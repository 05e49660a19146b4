// UserRead: the user's RECEIVE calls (RFC 9293 §3.10.3). They take data from the receive buffer, and let a window
// update go where that opens the window. It lives for one call.
#pragma once

#include <cstddef>
#include <span>

#include "tcp/connection/core.h"

namespace leat {

class UserRead {
 public:
  explicit UserRead(ConnectionCore& core) : c_(core) {}

  expected<std::size_t, Error> read(MutableBytes out);
  expected<std::size_t, Error> view(std::span<Bytes> pieces);
  expected<std::size_t, Error> consume(std::size_t n);
  expected<std::size_t, Error> read_urgent(std::uint8_t& byte, bool take);

 private:
  void on_read();

  ConnectionCore& c_;
};

}  // namespace leat
