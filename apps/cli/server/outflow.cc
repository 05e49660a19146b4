#include "cli/server/outflow.h"

#include <algorithm>
#include <array>

namespace leat::command {

std::size_t SendMemory::share() const {
  if (held_ < kFree) return SIZE_MAX;
  return std::max(kLeastShare, kFree / std::max<std::size_t>(holders_, 1));
}

void SendMemory::change(std::size_t before, std::size_t after) {
  held_ = held_ - before + after;
  holders_ = holders_ - (before > 0 ? 1 : 0) + (after > 0 ? 1 : 0);
}

/// Notes what the client has acknowledged by now.
void Outflow::look(EventLoop& loop) {
  const auto info = loop.info(socket_);
  // Of a connection that has ended well nothing is known, and nothing waits.
  const std::uint64_t waits = info ? std::min<std::uint64_t>(std::uint64_t{info->unacked} + info->notsent, held_) : 0;
  if (waits < held_) progress_ = loop.now();
  memory_.change(held_, static_cast<std::size_t>(waits));
  held_ = static_cast<std::size_t>(waits);
}

std::size_t Outflow::allowance(EventLoop& loop) {
  const std::size_t share = memory_.share();
  look(loop);
  return share - std::min(share, held_);
}

void Outflow::on_taken(EventLoop& loop, std::size_t n) {
  if (held_ == 0) progress_ = loop.now();  // nothing was asked of the client before
  written_ += n;
  memory_.change(held_, held_ + n);
  held_ += n;
  pause_ = {};
}

/// Decides when to try again, if at all; `allowed`: the socket was asked. Returns what to say.
Error Outflow::on_refused(EventLoop& loop, Error why, bool allowed) {
  constexpr Duration kShortest = std::chrono::milliseconds(5), kLongest = std::chrono::seconds(1);
  if (why != Error::would_block && why != Error::no_buffers) return why;
  // The socket tells when its buffer has room, and not when memory has.
  if (allowed && why == Error::would_block) {
    retry_at_ = progress_ + patience_.sending;
  } else {
    pause_ = std::clamp(pause_ * 2, kShortest, kLongest);
    retry_at_ = loop.now() + pause_;
  }
  return Error::would_block;
}

expected<std::size_t, Error> Outflow::write(EventLoop& loop, std::span<const std::uint8_t> data) {
  const std::size_t most = allowance(loop);
  expected<std::size_t, Error> taken = unexpected(Error::would_block);
  if (most > 0) taken = loop.write(socket_, data.first(std::min(data.size(), most)));
  if (!taken) return unexpected(on_refused(loop, taken.error(), most > 0));
  on_taken(loop, *taken);
  return taken;
}

expected<std::span<std::uint8_t>, Error> Outflow::prepare(EventLoop& loop, std::size_t wanted) {
  const std::size_t most = allowance(loop);
  expected<std::span<std::uint8_t>, Error> room = unexpected(Error::would_block);
  if (most > 0) room = loop.prepare(socket_, std::min(wanted, most));
  if (!room) return unexpected(on_refused(loop, room.error(), most > 0));
  return room;
}

bool Outflow::commit(EventLoop& loop, std::size_t n) {
  if (!loop.commit(socket_, n)) return false;
  if (n > 0) on_taken(loop, n);
  return true;
}

Instant Outflow::progress(EventLoop& loop) {
  look(loop);
  return progress_;
}

bool Outflow::is_stalled(EventLoop& loop) {
  look(loop);
  return held_ > 0 && loop.now() >= progress_ + patience_.sending;
}

void Outflow::begin_leave(EventLoop& loop) {
  look(loop);
  leaving_ = true;
  if (held_ == 0) progress_ = loop.now();
  static_cast<void>(loop.shutdown(socket_));
}

Outflow::Departure Outflow::leave(EventLoop& loop) {
  std::array<std::uint8_t, 4096> block;
  for (;;) {
    const auto got = loop.read(socket_, block);
    if (got && *got > 0) continue;
    if (!got && got.error() != Error::would_block) return Departure::lost;
    peer_left_ = peer_left_ || got;
    break;
  }
  look(loop);
  if (!flushed_ && (loop.readiness(socket_) & (kEventFlushed | kEventClosed)) != 0) {
    flushed_ = true;
    progress_ = loop.now();
  }
  if (flushed_ && peer_left_) return Departure::complete;
  const Instant end = progress_ + (flushed_ ? patience_.lingering : patience_.sending);
  if (loop.now() >= end) return flushed_ ? Departure::complete : Departure::lost;
  retry_at_ = end;
  return Departure::under_way;
}

}  // namespace leat::command
