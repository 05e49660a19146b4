#include "cli/bench/iperf_client.h"

#include <fmt/core.h>

#include <array>
#include <cstring>
#include <random>

namespace leat::command {
namespace {

using iperf::State;

/// What a server says, in this order.
constexpr std::array kOrder{State::param_exchange, State::create_streams,   State::test_start,
                            State::test_running,   State::exchange_results, State::display_results};
/// For the last words to arrive.
constexpr Duration kClientFarewell = std::chrono::seconds(1);

}  // namespace

void IperfClient::start(EventLoop& loop, const Endpoint& server) {
  server_ = server;
  std::random_device device;
  std::array<std::uint8_t, iperf::kCookieSize - 1> random;
  for (std::uint8_t& byte : random) byte = static_cast<std::uint8_t>(device());
  cookie_ = iperf::make_cookie(random);
  if (!options_.report.json) {
    console_.say(fmt::format("Connecting to host {}, port {}\n", options_.host, server.port));
  }
  ThroughputRecord record;
  record.is_sender = !options_.parameters.reverse;
  record.host = options_.host;
  record.remote = server;
  record.cookie.assign(cookie_.begin(), cookie_.end() - 1);
  record.parameters = options_.parameters;
  run_.emplace(console_, options_.report, std::move(record));
  const auto socket = loop.connect(server);
  if (!socket) return fail(loop, fmt::format("{}: {}", server.to_string(), to_string(socket.error())));
  control_.emplace(*socket);
  loop.set_handler(*socket, [this](EventLoop& l, const Event&) { on_control(l); });
  expect(loop, "to connect");
}

void IperfClient::expect(EventLoop& loop, const std::string& what) {
  alarm_.set(loop, options_.patience,
             [this, what](EventLoop& l) { fail(l, fmt::format("the server took too long {}", what)); });
}

void IperfClient::on_control(EventLoop& loop) {
  if (phase_ == Phase::over) return;
  if (phase_ == Phase::leaving) {
    static_cast<void>(control_->pump(loop));
    if (control_->is_flushed(loop)) leave(loop, status_);
    return;
  }
  if (const Error error = loop.error(control_->socket()); error != Error::none && phase_ == Phase::connecting) {
    return fail(loop, fmt::format("{}: {}", server_.to_string(), to_string(error)));
  }
  if (phase_ == Phase::connecting) {
    if ((loop.readiness(control_->socket()) & kEventConnected) == 0) return;
    phase_ = Phase::states;
    control_->say(std::string_view(reinterpret_cast<const char*>(cookie_.data()), cookie_.size()));
    expect(loop, "to answer");
  }
  // What is answered is to be written, and that may bring something more.
  bool is_open = true;
  for (bool more = true; more && phase_ < Phase::leaving;) {
    is_open = control_->pump(loop);
    more = take(loop);
  }
  if (!is_open && phase_ < Phase::leaving) return fail(loop, control_->why());
}

/// Takes one thing that the server has said. False: there is none.
bool IperfClient::take(EventLoop& loop) {
  iperf::Reader& reader = control_->reader();
  if (phase_ == Phase::error_numbers) {
    if (reader.held() < 8) return false;
    const std::uint32_t code = *reader.take_number(), number = *reader.take_number();
    std::string why = fmt::format("the server refuses the test, with its error {}", code);
    if (number != 0 && number < 4096) why += fmt::format(" ({})", std::strerror(static_cast<int>(number)));
    fail(loop, why);
    return false;
  }
  if (phase_ == Phase::results) {
    const auto text = reader.take_json();
    if (text && !*text) return false;
    const auto results = text ? iperf::parse_results(**text) : unexpected(text.error());
    if (!results) {
      fail(loop, "the server's results make no sense: " + results.error());
      return false;
    }
    run_->compare(*results);
    phase_ = Phase::states;
    return true;
  }
  const auto state = reader.take_state();
  if (state) on_state(loop, *state);
  return state.has_value();
}

void IperfClient::on_state(EventLoop& loop, State state) {
  switch (state) {
    case State::access_denied: return fail(loop, "the server is busy with another test; try again later");
    case State::server_terminate: return fail(loop, "the server has ended the test");
    case State::server_error: phase_ = Phase::error_numbers; return;
    default: break;
  }
  if (step_ >= kOrder.size() || kOrder[step_] != state) {
    return fail(loop,
                fmt::format("the server says {}, which makes no sense here; is it iperf3?", static_cast<int>(state)));
  }
  ++step_;
  switch (state) {
    case State::param_exchange:
      control_->say(iperf::framed(iperf::to_json(options_.parameters)));
      return expect(loop, "to take the parameters");
    case State::create_streams: return connect_stream(loop);
    case State::test_running:
      if (run_->traffic().size() < options_.parameters.parallel) return fail(loop, "the server begins too early");
      alarm_.cancel(loop);
      return run_->start(loop, true, [this](EventLoop& l) { end_test(l); });
    case State::exchange_results:
      if (!ended_) return fail(loop, "the server ends the test before its time");
      control_->say(iperf::framed(iperf::to_json(run_->results())));
      phase_ = Phase::results;
      return expect(loop, "to give its results");
    case State::display_results:
      run_->report("");
      control_->say(State::done);
      return leave(loop, 0);
    default: return;
  }
}

/// One after the other, so that both sides number them alike.
void IperfClient::connect_stream(EventLoop& loop) {
  const auto socket = loop.connect(server_);
  if (!socket) return fail(loop, fmt::format("a stream: {}", to_string(socket.error())));
  connecting_ = *socket;
  loop.set_handler(*socket, [this](EventLoop& l, const Event& event) { on_stream(l, event.socket, event); });
  expect(loop, "to accept a stream");
}

void IperfClient::on_stream(EventLoop& loop, SocketHandle socket, const Event&) {
  if (phase_ >= Phase::leaving) return;
  if (const Error error = loop.error(socket); error != Error::none) {
    return fail(loop, fmt::format("a stream: {}", to_string(error)));
  }
  if ((loop.readiness(socket) & kEventConnected) == 0) return;
  const auto taken = loop.write(socket, cookie_);
  if (!taken || *taken < cookie_.size()) return fail(loop, "a stream takes no data");
  connecting_.reset();
  run_->traffic().add(loop, socket);
  if (run_->traffic().size() < options_.parameters.parallel) return connect_stream(loop);
  expect(loop, "to begin");
}

void IperfClient::end_test(EventLoop& loop) {
  const std::string why = run_->why();
  run_->stop(loop);
  if (!why.empty()) return fail(loop, why);
  ended_ = true;
  control_->say(State::test_end);
  static_cast<void>(control_->pump(loop));
  expect(loop, "to end the test");
}

void IperfClient::fail(EventLoop& loop, const std::string& why) {
  if (phase_ >= Phase::leaving) return;
  run_->stop(loop);
  run_->report(why);
  complain_(why);
  if (step_ >= 1) control_->say(State::client_terminate);
  leave(loop, 1);
}

void IperfClient::interrupt(EventLoop& loop, int status) {
  if (phase_ >= Phase::leaving) return;
  if (run_) {
    run_->stop(loop);
    run_->report("interrupted");
  }
  if (control_ && step_ >= 1) control_->say(State::client_terminate);
  leave(loop, status);
}

/// Lets the last words arrive; then it is over.
void IperfClient::leave(EventLoop& loop, int status) {
  if (phase_ < Phase::leaving) {
    phase_ = Phase::leaving;
    status_ = status;
    alarm_.cancel(loop);
    if (control_ && loop.error(control_->socket()) == Error::none && step_ >= 1) {
      control_->shutdown(loop);
      alarm_.set(loop, kClientFarewell, [this](EventLoop& l) { leave(l, status_); });
      if (!control_->is_flushed(loop)) return;
    }
  }
  phase_ = Phase::over;
  alarm_.cancel(loop);
  if (run_) run_->close(loop);
  if (connecting_) static_cast<void>(loop.abort(*connecting_));
  if (control_) static_cast<void>(loop.close(control_->socket()));
  console_.finish(status_);
}

}  // namespace leat::command
