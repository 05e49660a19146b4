#include "cli/link/served_echo.h"

#include <span>

namespace leat::command {

Served::Plan ServedEcho::on_event(EventLoop& loop) {
  while (!outflow_.is_leaving()) {
    while (begin_ < end_) {
      const auto taken = outflow_.write(loop, std::span(*block_).subspan(begin_, end_ - begin_));
      if (!taken && (taken.error() != Error::would_block || outflow_.is_stalled(loop))) return {Next::abort};
      if (!taken) return {Next::wait, outflow_.retry_at()};
      begin_ += *taken;
    }
    if (!block_) block_ = std::make_unique_for_overwrite<std::array<std::uint8_t, 32 * 1024>>();
    const auto got = loop.read(socket_, *block_);
    begin_ = end_ = 0;
    if (got && *got > 0) {
      end_ = *got;
      continue;
    }
    block_.reset();
    if (!got && got.error() != Error::would_block) return {Next::abort};
    if (!got && !stopping_) return {Next::wait};
    outflow_.begin_leave(loop);
  }
  return leave(loop, outflow_);
}

}  // namespace leat::command
