#include "cli/bench/iperf_control.h"

#include <algorithm>
#include <array>
#include <span>

namespace leat::command {

void Alarm::set(EventLoop& loop, Duration delay, EventLoop::Function f) {
  cancel(loop);
  timer_ = loop.call_after(delay, [this, f = std::move(f)](EventLoop& l) {
    timer_.reset();
    f(l);
  });
}

void Alarm::cancel(EventLoop& loop) {
  if (timer_) loop.cancel(*timer_);
  timer_.reset();
}

bool IperfControl::pump(EventLoop& loop, std::size_t most) {
  if (!waiting_.empty()) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(waiting_.data());
    if (const auto taken = loop.write(socket_, {data, waiting_.size()})) waiting_.erase(0, *taken);
  }
  std::array<std::uint8_t, 4096> block;
  for (;;) {
    const std::size_t room = std::min({reader_.room(), most - std::min(most, reader_.held()), block.size()});
    if (room == 0) return true;
    const auto got = loop.read(socket_, std::span(block).first(room));
    if (got && *got > 0) {
      reader_.push(std::span(block).first(*got));
      continue;
    }
    if (!got && got.error() == Error::would_block) return true;
    why_ = got ? "the other side has closed the control connection"
               : "control connection: " + std::string(to_string(got.error()));
    return false;
  }
}

void IperfControl::shutdown(EventLoop& loop) {
  static_cast<void>(pump(loop));
  static_cast<void>(loop.shutdown(socket_));
}

bool IperfControl::is_flushed(EventLoop& loop) const {
  return (loop.readiness(socket_) & (kEventFlushed | kEventClosed | kEventError)) != 0;
}

}  // namespace leat::command
