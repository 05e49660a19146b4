#include "cli/http/served_replay.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

namespace leat::command {

Served::Plan ServedReplay::on_event(EventLoop& loop) {
  Plan plan;
  if (!sending_) plan = wait_for_request(loop);
  if (sending_ && !outflow_.is_leaving()) plan = send(loop);
  if (outflow_.is_leaving()) plan = leave(loop, outflow_);
  return finish(plan);
}

/// An empty line ends the head, with CRLF or with LF.
bool ServedReplay::ends_head(std::uint8_t byte) {
  if (byte == '\n') return ++line_ends_ == 2;
  if (byte != '\r') line_ends_ = 0;
  return false;
}

/// Bounded as a whole, not for each byte.
Served::Plan ServedReplay::wait_for_request(EventLoop& loop) {
  std::array<std::uint8_t, 4096> block;
  const bool when_idle = recording_.when == Recording::When::idle;
  for (;;) {
    const auto got = loop.read(socket_, block);
    if (!got && got.error() != Error::would_block) return {Next::abort};
    const bool any = got && *got > 0;
    if (any) heard_ = loop.now();
    const bool head_ended = any && std::any_of(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*got),
                                               [this](std::uint8_t byte) { return ends_head(byte); });
    const bool half_closed = got && *got == 0;
    const bool idle = when_idle && !any && loop.now() >= heard_ + Recording::kIdle;
    sending_ = head_ended || half_closed || idle;
    if (sending_) return {};
    if (any) continue;
    const Instant end = began_ + patience_.request;
    if (stopping_ || loop.now() >= end) return {Next::close};
    return {Next::wait, when_idle ? std::min(heard_ + Recording::kIdle, end) : end};
  }
}

/// False: the file could not be read.
bool ServedReplay::fill() {
  if (!block_) block_ = std::make_unique_for_overwrite<std::array<std::uint8_t, 32 * 1024>>();
  const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(block_->size(), recording_.size - offset_));
  ssize_t got = 0;
  do {
    got = ::pread(recording_.file->fd(), block_->data(), want, static_cast<off_t>(offset_));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  begin_ = 0;
  end_ = static_cast<std::size_t>(got);
  offset_ += end_;
  return true;
}

Served::Plan ServedReplay::send(EventLoop& loop) {
  while (begin_ < end_ || offset_ < recording_.size) {
    if (begin_ == end_ && !fill()) return {Next::abort};
    const auto taken = outflow_.write(loop, std::span(*block_).subspan(begin_, end_ - begin_));
    if (!taken && (taken.error() != Error::would_block || outflow_.is_stalled(loop))) return {Next::abort};
    if (!taken) return {Next::wait, outflow_.retry_at()};
    begin_ += *taken;
  }
  block_.reset();
  outflow_.begin_leave(loop);
  return {};
}

Served::Plan ServedReplay::finish(Plan plan) {
  if (plan.next == Next::wait || !log_) return plan;
  std::exchange(log_, nullptr)(outflow_.acknowledged(), plan.next == Next::close && outflow_.is_leaving());
  return plan;
}

}  // namespace leat::command
