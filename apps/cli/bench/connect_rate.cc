#include "cli/bench/connect_rate.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "cli/bench/latency_text.h"
#include "cli/http/terminal_observer.h"

namespace leat::command {
namespace {

/// After an attempt that failed at once: what made it fail is still there.
constexpr Duration kPause = std::chrono::milliseconds(10);

}  // namespace

ConnectRate::ConnectRate(const ConnectRateOptions& options, Console& console,
                         std::function<void(const std::string&)> complain)
    : options_(options), console_(console), complain_(std::move(complain)), lanes_(options.parallel) {}

void ConnectRate::start(EventLoop& loop, const Endpoint& server) {
  server_ = server;
  begun_ = monotonic_now();
  if (!options_.count) {
    end_.set(loop, options_.time, [this](EventLoop& l) { finish(l, opened_ > 0 ? 0 : 1); });
  }
  for (Lane& lane : lanes_) attempt(loop, lane);
}

void ConnectRate::attempt(EventLoop& loop, Lane& lane) {
  if (over_ || (options_.count && attempts_ >= *options_.count)) return;
  ++attempts_;
  lane.begun = monotonic_now();
  const auto socket = loop.connect(server_);
  if (!socket) return end(loop, lane, std::string(to_string(socket.error())), true);
  lane.socket = *socket;
  loop.set_handler(*socket, [this, &lane](EventLoop& l, const Event&) { on_event(l, lane); });
  lane.alarm.set(loop, options_.patience, [this, &lane](EventLoop& l) { end(l, lane, "no answer", false); });
}

void ConnectRate::on_event(EventLoop& loop, Lane& lane) {
  if (over_ || !lane.socket) return;
  if (const Error error = loop.error(*lane.socket); error != Error::none) {
    return end(loop, lane, std::string(to_string(error)), false);
  }
  if ((loop.readiness(*lane.socket) & kEventConnected) == 0) return;
  times_.add(monotonic_now() - lane.begun);
  ++opened_;
  end(loop, lane, "", false);
}

/// `failure`: why there is no connection, or empty.
void ConnectRate::end(EventLoop& loop, Lane& lane, const std::string& failure, bool pause) {
  ++done_;
  if (!failure.empty()) ++failures_[failure];
  lane.alarm.cancel(loop);
  if (lane.socket) {
    const bool reset = options_.reset || !failure.empty();
    static_cast<void>(reset ? loop.abort(*lane.socket) : loop.close(*lane.socket));
    lane.socket.reset();
  }
  if (options_.count && done_ >= *options_.count) return finish(loop, opened_ > 0 ? 0 : 1);
  if (!pause) return attempt(loop, lane);
  lane.alarm.set(loop, kPause, [this, &lane](EventLoop& l) { attempt(l, lane); });
}

void ConnectRate::finish(EventLoop& loop, int status) {
  if (over_) return;
  over_ = true;
  elapsed_ = monotonic_now() - begun_;
  end_.cancel(loop);
  for (Lane& lane : lanes_) {
    lane.alarm.cancel(loop);
    if (lane.socket) static_cast<void>(loop.abort(*lane.socket));
  }
  console_.say(options_.json ? json() : text());
  if (status == 1) complain_("no connection was opened");
  console_.finish(status);
}

std::string ConnectRate::text() const {
  const double seconds = std::chrono::duration<double>(elapsed_).count();
  std::string out = fmt::format("{} connections to {} opened and closed in {:.2f} s: {:.0f} a second, {} failed\n",
                                opened_, server_.to_string(), seconds,
                                seconds > 0 ? static_cast<double>(opened_) / seconds : 0, done_ - opened_);
  for (const auto& [why, times] : failures_) out += fmt::format("  {} times: {}\n", times, why);
  if (!options_.reset && failures_.contains(std::string(to_string(Error::address_not_available)))) {
    out += "  All local ports are in use or in TIME-WAIT, for a minute: --reset leaves none there.\n";
  }
  return out + latency_text("to connect", times_);
}

std::string ConnectRate::json() const {
  const double seconds = std::chrono::duration<double>(elapsed_).count();
  nlohmann::ordered_json failures = nlohmann::ordered_json::object();
  for (const auto& [why, times] : failures_) failures[why] = times;
  nlohmann::ordered_json out = {{"test", "connect-rate"},
                                {"version", "leat " LEAT_VERSION},
                                {"host", options_.host},
                                {"remote_host", server_.address.to_string()},
                                {"remote_port", server_.port},
                                {"parallel", options_.parallel},
                                {"seconds", seconds},
                                {"opened", opened_},
                                {"failed", done_ - opened_},
                                {"failures", std::move(failures)},
                                {"per_second", seconds > 0 ? static_cast<double>(opened_) / seconds : 0},
                                {"microseconds", latency_json(times_)}};
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace leat::command
