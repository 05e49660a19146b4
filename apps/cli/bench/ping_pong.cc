#include "cli/bench/ping_pong.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "cli/bench/latency_text.h"
#include "cli/http/terminal_observer.h"

namespace leat::command {

PingPong::PingPong(const PingPongOptions& options, Console& console, std::function<void(const std::string&)> complain)
    : options_(options), console_(console), complain_(std::move(complain)), answer_(options.size) {
  for (std::size_t i = 0; i < options.size; ++i) question_.push_back(static_cast<std::uint8_t>('A' + i % 53));
}

void PingPong::start(EventLoop& loop, const Endpoint& server) {
  server_ = server;
  const auto socket = loop.connect(server);
  if (!socket) return finish(loop, 1, fmt::format("{}: {}", server.to_string(), to_string(socket.error())));
  socket_ = *socket;
  loop.set_handler(*socket, [this](EventLoop& l, const Event&) { on_event(l); });
  patience_.set(loop, options_.patience, [this](EventLoop& l) { finish(l, 1, "the server took too long to connect"); });
}

void PingPong::on_event(EventLoop& loop) {
  if (over_) return;
  if (const Error error = loop.error(*socket_); error != Error::none) {
    return finish(loop, 1, fmt::format("{}: {}", server_.to_string(), to_string(error)));
  }
  if (!connected_) {
    if ((loop.readiness(*socket_) & kEventConnected) == 0) return;
    connected_ = true;
    if (const auto local = loop.local(*socket_)) local_ = *local;
    begun_ = monotonic_now();
    watch(loop);
    if (!options_.count) end_.set(loop, options_.time, [this](EventLoop& l) { finish(l, 0, ""); });
    ask();
  }
  while (!over_ && send(loop) && receive(loop)) {
    times_.add(monotonic_now() - asked_);
    if (options_.count && times_.count() >= *options_.count) return finish(loop, 0, "");
    ask();
  }
}

/// A timer for each round trip would cost more than it is worth.
void PingPong::watch(EventLoop& loop) {
  patience_.set(loop, options_.patience, [this, before = times_.count()](EventLoop& l) {
    if (times_.count() == before) return finish(l, 1, "the server took too long to answer");
    watch(l);
  });
}

void PingPong::ask() {
  sent_ = received_ = 0;
  asked_ = monotonic_now();
}

/// True: all of the question is written.
bool PingPong::send(EventLoop& loop) {
  while (sent_ < question_.size()) {
    const auto taken = loop.write(*socket_, std::span(question_).subspan(sent_));
    if (!taken) break;
    sent_ += *taken;
  }
  // The answer to its beginning must not wait for us until nothing more can be written.
  if (sent_ < question_.size()) static_cast<void>(receive(loop));
  return sent_ == question_.size();
}

/// True: all of the answer is here.
bool PingPong::receive(EventLoop& loop) {
  while (received_ < answer_.size()) {
    const auto got = loop.read(*socket_, std::span(answer_).subspan(received_));
    if (!got && got.error() == Error::would_block) return false;
    if (!got || *got == 0) {
      finish(loop, 1, got ? "the server has closed the connection" : std::string(to_string(got.error())));
      return false;
    }
    if (!std::equal(answer_.begin() + static_cast<std::ptrdiff_t>(received_),
                    answer_.begin() + static_cast<std::ptrdiff_t>(received_ + *got),
                    question_.begin() + static_cast<std::ptrdiff_t>(received_))) {
      finish(loop, 1, "the server does not send back what it was sent: it is no echo server");
      return false;
    }
    received_ += *got;
  }
  return true;
}

void PingPong::finish(EventLoop& loop, int status, const std::string& why) {
  if (over_) return;
  over_ = true;
  if (connected_) elapsed_ = monotonic_now() - begun_;
  patience_.cancel(loop);
  end_.cancel(loop);
  if (socket_) static_cast<void>(connected_ && status == 0 ? loop.close(*socket_) : loop.abort(*socket_));
  if (options_.json) {
    console_.say(json(why));
  } else if (connected_) {
    console_.say(text());
  }
  if (status == 1) complain_(why);
  console_.finish(status);
}

std::string PingPong::text() const {
  const double seconds = std::chrono::duration<double>(elapsed_).count();
  return fmt::format("{} round trips of {} byte{} with {} in {:.2f} s: {:.0f} a second\n{}", times_.count(),
                     options_.size, options_.size == 1 ? "" : "s", server_.to_string(), seconds,
                     seconds > 0 ? static_cast<double>(times_.count()) / seconds : 0,
                     latency_text("round trip", times_));
}

std::string PingPong::json(const std::string& error) const {
  const double seconds = std::chrono::duration<double>(elapsed_).count();
  nlohmann::ordered_json out = {{"test", "ping-pong"},
                                {"version", "leat " LEAT_VERSION},
                                {"host", options_.host},
                                {"remote_host", server_.address.to_string()},
                                {"remote_port", server_.port},
                                {"local_host", connected_ ? local_.address.to_string() : ""},
                                {"local_port", local_.port},
                                {"size", options_.size},
                                {"seconds", seconds},
                                {"round_trips", times_.count()},
                                {"per_second", seconds > 0 ? static_cast<double>(times_.count()) / seconds : 0},
                                {"microseconds", latency_json(times_)}};
  if (!error.empty()) out["error"] = error;
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace leat::command
