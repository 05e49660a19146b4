#include "cli/http/served_http.h"

#include <algorithm>
#include <array>
#include <span>

namespace leat::command {
namespace {

/// Blocks sent at once. No segment is answered meanwhile, so that many requests in a row must not take forever.
constexpr int kBlocksATurn = 24;
/// Of small answers several share one; it is held until the client has them, so that it must not be much larger.
constexpr std::uint64_t kSmallBlock = 2 * 1024, kBlock = 64 * 1024;

}  // namespace

Served::Plan ServedHttp::on_event(EventLoop& loop) {
  if (outflow_.is_leaving()) return leave(loop, outflow_);
  session_.begin_turn();
  judge_slowness(loop);
  for (int budget = kBlocksATurn;;) {
    Step step = send(loop, budget);
    if (session_.is_broken()) return {Next::abort};
    if (session_.has_ended()) {
      outflow_.begin_leave(loop);
      return leave(loop, outflow_);
    }
    if (step == Step::again) step = receive(loop);
    if (step == Step::abort) return {Next::abort};
    if (step == Step::wait) return {Next::wait, wake_};
  }
}

/// Time-outs of clients that are to ask. Those that are to read are judged where they do not.
void ServedHttp::judge_slowness(EventLoop& loop) {
  if (phase_ == Phase::answering) return;
  // What the last answer has left in the send buffer must be read before the next request can be expected.
  if (phase_ == Phase::idle) since_ = std::max(since_, outflow_.progress(loop));
  if (loop.now() >= since_ + patience()) session_.on_request_timeout();
}

/// `again`: there is nothing to send, so that something may be received.
ServedHttp::Step ServedHttp::send(EventLoop& loop, int& budget) {
  while (session_.has_output()) {
    enter(Phase::answering, loop.now());
    if (budget-- == 0) {
      wake_ = loop.now();
      return Step::wait;
    }
    const auto room = outflow_.prepare(loop, std::clamp(session_.left(), kSmallBlock, kBlock));
    if (!room) {
      if (room.error() != Error::would_block || outflow_.is_stalled(loop)) return Step::abort;
      wake_ = outflow_.retry_at();
      return Step::wait;
    }
    if (!outflow_.commit(loop, session_.fill(*room))) return Step::abort;
  }
  return Step::again;
}

/// `again`: something was received that may give something to send.
ServedHttp::Step ServedHttp::receive(EventLoop& loop) {
  std::array<std::uint8_t, 16 * 1024> block;
  const auto got = loop.read(socket_, std::span(block).first(std::min(session_.room(), block.size())));
  if (!got && got.error() != Error::would_block) return Step::abort;
  if (got && *got > 0) {
    session_.on_input(std::span(block).first(*got));
  } else if (got) {
    session_.on_end();
  }
  if (session_.is_answering()) return Step::again;
  enter(session_.is_busy() ? Phase::request : Phase::idle, loop.now());
  wake_ = since_ + patience();
  return got ? Step::again : Step::wait;
}

void ServedHttp::enter(Phase phase, Instant since) {
  if (phase_ == phase) return;
  phase_ = phase;
  since_ = since;
}

}  // namespace leat::command
