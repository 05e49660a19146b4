#include "served_replay.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

namespace leat::command {

Served::Plan ServedReplay::on_event(EventLoop& loop) {
  if (phase_ == Phase::waiting) {
    const Plan plan = wait_for_request(loop);
    if (phase_ == Phase::waiting) return plan;
  }
  if (phase_ == Phase::sending) {
    const Plan plan = send(loop);
    if (phase_ == Phase::sending) return plan;
  }
  return linger(loop);
}

/// An empty line ends the head, with CRLF or with LF.
bool ServedReplay::ends_head(std::uint8_t byte) {
  if (byte == '\n') return ++line_ends_ == 2;
  if (byte != '\r') line_ends_ = 0;
  return false;
}

Served::Plan ServedReplay::wait_for_request(EventLoop& loop) {
  std::array<std::uint8_t, 4096> block;
  for (;;) {
    const auto got = loop.read(socket_, block);
    if (!got && got.error() != Error::would_block) return finish(Next::abort, false);
    const bool any = got && *got > 0;
    if (any) since_ = loop.now();
    const bool head_ended = any && std::any_of(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*got),
                                               [this](std::uint8_t byte) { return ends_head(byte); });
    const bool half_closed = got && *got == 0;
    const bool idle = recording_.when == Recording::When::idle && !any && loop.now() >= since_ + Recording::kIdle;
    if (head_ended || half_closed || idle) {
      phase_ = Phase::sending;
      since_ = loop.now();
      return {};
    }
    if (any) continue;
    if (stopping_ || loop.now() >= since_ + Recording::kPatience) return finish(Next::close, false);
    return {Next::wait, since_ + (recording_.when == Recording::When::idle ? Recording::kIdle : Recording::kPatience)};
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
  for (;;) {
    if (begin_ == end_ && offset_ < recording_.size && !fill()) return finish(Next::abort, false);
    if (begin_ == end_) break;
    const auto taken = loop.write(socket_, std::span(*block_).subspan(begin_, end_ - begin_));
    if (!taken && taken.error() != Error::would_block) return finish(Next::abort, false);
    if (!taken) {
      if (loop.now() >= since_ + Recording::kPatience) return finish(Next::abort, false);
      return {Next::wait, since_ + Recording::kPatience};
    }
    begin_ += *taken;
    written_ += *taken;
    since_ = loop.now();
  }
  block_.reset();
  phase_ = Phase::lingering;
  since_ = loop.now();
  static_cast<void>(loop.shutdown(socket_));
  return {};
}

/// Reads on after our FIN: closing with unread data would send a RST, which can overtake the tail (RFC 2525 §2.17).
Served::Plan ServedReplay::linger(EventLoop& loop) {
  std::array<std::uint8_t, 4096> block;
  for (;;) {
    const auto got = loop.read(socket_, block);
    const bool flushed = (loop.readiness(socket_) & kEventFlushed) != 0;
    if (!got && got.error() != Error::would_block) return finish(Next::abort, false);
    if (got && *got == 0) return finish(Next::close, true);
    if (got) continue;
    if (!flushed) {
      since_ = loop.now();  // TCP itself gives a dead client up
      return {Next::wait, since_ + Recording::kLingering};
    }
    if (loop.now() >= since_ + Recording::kLingering) return finish(Next::close, true);
    return {Next::wait, since_ + Recording::kLingering};
  }
}

Served::Plan ServedReplay::finish(Next next, bool whole) {
  if (log_) std::exchange(log_, nullptr)(written_, whole);
  return {next};
}

}  // namespace leat::command
