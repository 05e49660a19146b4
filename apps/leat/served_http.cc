#include "served_http.h"

#include <algorithm>
#include <array>
#include <span>

namespace leat::command {

Served::Plan ServedHttp::on_event(EventLoop& loop) {
  const Instant now = loop.now();
  if (now >= since_ + patience()) {
    if (phase_ == Phase::sending) return {Next::abort};
    if (phase_ == Phase::lingering) return {Next::close};
    session_.on_request_timeout();
  }
  Plan plan;
  for (;;) {
    if (!send(loop, plan)) return plan;
    if (session_.is_broken()) return {Next::abort};
    if (session_.has_ended() && phase_ != Phase::lingering) {
      static_cast<void>(loop.shutdown(socket_));
      enter(Phase::lingering, now);
    }
    if (!receive(loop, plan)) return plan;
  }
}

/// True when there is nothing (more) to send.
bool ServedHttp::send(EventLoop& loop, Plan& plan) {
  for (Bytes out = session_.output(); !out.empty(); out = session_.output()) {
    if (phase_ != Phase::sending) enter(Phase::sending, loop.now());
    const auto taken = loop.write(socket_, out);
    if (!taken) {
      plan = taken.error() == Error::would_block ? waiting() : Plan{Next::abort};
      return false;
    }
    since_ = loop.now();
    session_.consumed(*taken);
  }
  return true;
}

/// True when something was read, that may give something to send.
bool ServedHttp::receive(EventLoop& loop, Plan& plan) {
  std::array<std::uint8_t, 16 * 1024> block;
  const bool lingering = phase_ == Phase::lingering;
  const std::size_t room = lingering ? block.size() : std::min(session_.room(), block.size());
  if (room == 0) {
    plan = waiting();
    return false;
  }
  const auto got = loop.read(socket_, std::span(block).first(room));
  if (!got && got.error() != Error::would_block) {
    plan = {Next::abort};
    return false;
  }
  if (lingering) {
    plan = got && *got == 0 ? Plan{Next::close} : waiting();
    return got && *got > 0;
  }
  if (got && *got > 0) {
    session_.on_input(std::span(block).first(*got));
  } else if (got) {
    session_.on_end();
  }
  if (!session_.is_answering()) enter(session_.is_busy() ? Phase::request : Phase::idle, loop.now());
  plan = waiting();
  return got.has_value();
}

void ServedHttp::enter(Phase phase, Instant now) {
  if (phase_ == phase) return;
  phase_ = phase;
  since_ = now;
}

Duration ServedHttp::patience() const {
  switch (phase_) {
    case Phase::request: return patience_.request;
    case Phase::sending: return patience_.sending;
    case Phase::lingering: return patience_.lingering;
    case Phase::idle: break;
  }
  return patience_.keep_alive;
}

}  // namespace leat::command
