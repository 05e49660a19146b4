#include "served_echo.h"

#include <span>

namespace leat::command {

Served::Plan ServedEcho::on_event(EventLoop& loop) {
  for (;;) {
    while (begin_ < end_) {
      const auto taken = loop.write(socket_, std::span(*block_).subspan(begin_, end_ - begin_));
      if (!taken) return {taken.error() == Error::would_block ? Next::wait : Next::abort};
      begin_ += *taken;
    }
    if (!block_) block_ = std::make_unique_for_overwrite<std::array<std::uint8_t, 64 * 1024>>();
    const auto got = loop.read(socket_, *block_);
    begin_ = end_ = 0;
    if (got && *got > 0) {
      end_ = *got;
      continue;
    }
    block_.reset();
    if (got || stopping_) return {Next::close};
    return {got.error() == Error::would_block ? Next::wait : Next::abort};
  }
}

}  // namespace leat::command
