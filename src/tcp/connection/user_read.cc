#include "tcp/connection/user_read.h"

#include <algorithm>

namespace leat {

expected<std::size_t, Error> UserRead::read(MutableBytes out) {
  if (c_.user_gone) return unexpected(Error::closed);
  if (out.empty()) return std::size_t{0};
  if (c_.receiver.readable() > 0) {
    const std::size_t n = c_.receiver.read(out, c_.settings->oob_inline);
    on_read();
    if (n > 0) return n;
  }
  return c_.nothing_to_read();
}

expected<std::size_t, Error> UserRead::view(std::span<Bytes> pieces) {
  if (c_.user_gone) return unexpected(Error::closed);
  const std::size_t before = c_.receiver.readable();
  const std::size_t n = c_.receiver.view(pieces, c_.settings->oob_inline);
  if (c_.receiver.readable() < before) on_read();  // an urgent byte was left out
  return n > 0 || pieces.empty() ? n : c_.nothing_to_read();
}

expected<std::size_t, Error> UserRead::consume(std::size_t n) {
  if (c_.user_gone) return unexpected(Error::closed);
  n = c_.receiver.consume(n, c_.settings->oob_inline);
  if (n > 0) on_read();
  return n;
}

expected<std::size_t, Error> UserRead::read_urgent(std::uint8_t& byte, bool take) {
  if (c_.user_gone) return unexpected(Error::closed);
  if (c_.settings->oob_inline || c_.receiver.urgent() == 0 || c_.receiver.was_urgent_taken()) {
    return unexpected(Error::invalid_argument);
  }
  if (c_.receiver.has_urgent_byte()) {
    byte = c_.receiver.urgent_byte(take);
    return std::size_t{1};
  }
  return c_.nothing_to_read();
}

void UserRead::on_read() {
  if (!can_receive(c_.state)) return;
  if (c_.receiver.wants_window_update()) c_.acks.ack_now();
  if (c_.receiver.readable() == 0) c_.acks.on_read_empty();
}

}  // namespace leat
