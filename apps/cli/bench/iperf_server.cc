#include "cli/bench/iperf_server.h"

#include <utility>

namespace leat::command {
namespace {

constexpr unsigned kIperfBacklog = 128;
/// Who have not said who they are, or are being refused.
constexpr std::size_t kMostNewcomers = 2 * iperf::kMostStreams;
/// For a refusal to arrive.
constexpr Duration kSessionFarewell = std::chrono::seconds(2);

}  // namespace

expected<Endpoint, Error> IperfServer::listen(EventLoop& loop, std::uint16_t port) {
  const auto listener = loop.listen({IpAddress::any_v4(), port}, kIperfBacklog);
  if (!listener) return unexpected(listener.error());
  listener_ = *listener;
  loop.set_handler(listener_, [this](EventLoop& l, const Event&) { accept(l); });
  return loop.local(listener_);
}

void IperfServer::accept(EventLoop& loop) {
  while (const auto socket = loop.accept(listener_)) {
    if (newcomers_.size() >= kMostNewcomers || leaving_) {
      static_cast<void>(loop.abort(*socket));
      continue;
    }
    const std::uint64_t key = next_key_++;
    Newcomer& newcomer = newcomers_.try_emplace(key, *socket).first->second;
    newcomer.alarm.set(loop, options_.patience, [this, key](EventLoop& l) { drop(l, key); });
    loop.set_handler(*socket, [this, key](EventLoop& l, const Event&) { on_newcomer(l, key); });
    on_newcomer(loop, key);
  }
}

void IperfServer::on_newcomer(EventLoop& loop, std::uint64_t key) {
  const auto found = newcomers_.find(key);
  if (found == newcomers_.end()) return;
  Newcomer& newcomer = found->second;
  if (newcomer.refused) {
    const bool is_open = newcomer.control.pump(loop);
    newcomer.control.reader() = {};  // whatever it says now
    if (!is_open) drop(loop, key);
    return;
  }
  if (test_ && !test_->wants_streams()) return refuse(loop, key);
  // Not a byte more than the cookie: what follows belongs to whoever gets the connection.
  const bool is_open = newcomer.control.pump(loop, iperf::kCookieSize);
  const auto cookie = newcomer.control.reader().take_cookie();
  if (!cookie) {
    if (!is_open) drop(loop, key);
    return;
  }
  if (test_ && !test_->wants_stream(*cookie)) return refuse(loop, key);
  newcomer.alarm.cancel(loop);
  const IperfControl control = std::move(newcomer.control);
  newcomers_.erase(found);
  if (test_) return test_->add_stream(loop, control.socket());
  begin_test(loop, control, *cookie);
}

/// One test at a time.
void IperfServer::refuse(EventLoop& loop, std::uint64_t key) {
  Newcomer& newcomer = newcomers_.at(key);
  newcomer.refused = true;
  newcomer.control.say(iperf::State::access_denied);
  newcomer.control.shutdown(loop);
  newcomer.alarm.set(loop, kSessionFarewell, [this, key](EventLoop& l) { drop(l, key); });
}

void IperfServer::drop(EventLoop& loop, std::uint64_t key) {
  const auto found = newcomers_.find(key);
  if (found == newcomers_.end()) return;
  found->second.alarm.cancel(loop);
  static_cast<void>(loop.close(found->second.control.socket()));
  newcomers_.erase(found);
}

void IperfServer::begin_test(EventLoop& loop, IperfControl control, const iperf::Cookie& cookie) {
  test_ = std::make_unique<IperfServerTest>(options_, console_, complain_);
  test_->start(loop, std::move(control), cookie, [this](EventLoop& l) {
    // Not here, where the test is still at work.
    static_cast<void>(l.call_after(Duration::zero(), [this](EventLoop& later) { on_over(later); }));
  });
}

void IperfServer::on_over(EventLoop&) {
  const bool succeeded = test_->has_succeeded();
  test_.reset();
  if (leaving_) return console_.finish(*leaving_);
  if (options_.one_off) return console_.finish(succeeded ? 0 : 1);
  if (!options_.report.json) console_.say("-----------------------------------------------------------\n");
}

void IperfServer::interrupt(EventLoop& loop, int status) {
  leaving_ = status;
  if (!test_) return console_.finish(status);
  test_->interrupt(loop);
}

}  // namespace leat::command
