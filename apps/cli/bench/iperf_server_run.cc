// IperfServerTest: one client's test. See iperf_server.h.
#include <fmt/core.h>

#include <algorithm>

#include "cli/bench/iperf_server.h"

namespace leat::command {
namespace {

using iperf::State;

/// For the last words to arrive.
constexpr Duration kServerFarewell = std::chrono::seconds(2);
/// What a client may take beyond the time of its test.
constexpr Duration kRunGrace = std::chrono::seconds(10);

}  // namespace

void IperfServerTest::start(EventLoop& loop, IperfControl control, const iperf::Cookie& cookie,
                            EventLoop::Function on_over) {
  control_.emplace(std::move(control));
  cookie_ = cookie;
  on_over_ = std::move(on_over);
  if (const auto remote = loop.remote(control_->socket())) remote_ = *remote;
  if (!options_.report.json) {
    console_.say(fmt::format("Accepted connection from {}, port {}\n", remote_.address.to_string(), remote_.port));
  }
  loop.set_handler(control_->socket(), [this](EventLoop& l, const Event&) { on_control(l); });
  control_->say(State::param_exchange);
  expect(loop, options_.patience, "to give the parameters");
  on_control(loop);
}

void IperfServerTest::expect(EventLoop& loop, Duration patience, const std::string& what) {
  alarm_.set(loop, patience, [this, what](EventLoop& l) { fail(l, fmt::format("the client took too long {}", what)); });
}

void IperfServerTest::on_control(EventLoop& loop) {
  if (phase_ == Phase::over) return;
  if (phase_ == Phase::leaving) {
    if (!control_->pump(loop)) leave(loop);
    return;
  }
  // What is answered is to be written, and that may bring something more.
  bool is_open = true;
  for (bool more = true; more && phase_ < Phase::leaving;) {
    is_open = control_->pump(loop);
    more = take(loop);
  }
  // After display_results a client that just goes has what it wanted.
  if (!is_open && phase_ == Phase::display) return leave(loop);
  if (!is_open && phase_ < Phase::leaving) return fail(loop, control_->why());
}

/// Takes one thing that the client has said. False: there is none.
bool IperfServerTest::take(EventLoop& loop) {
  if (phase_ == Phase::parameters) return take_parameters(loop);
  if (phase_ == Phase::results) return take_results(loop);
  const auto state = control_->reader().take_state();
  if (state) on_state(loop, *state);
  return state.has_value();
}

bool IperfServerTest::take_parameters(EventLoop& loop) {
  const auto text = control_->reader().take_json();
  if (text && !*text) return false;
  auto parameters = text ? iperf::parse_parameters(**text) : unexpected(text.error());
  if (!parameters) {
    refuse(loop, parameters.error());
    return false;
  }
  std::string names;
  for (const std::string& name : parameters->unsupported) names += (names.empty() ? "" : ", ") + name;
  if (!names.empty()) complain_("the client's " + names + " are not followed");
  ThroughputRecord record;
  record.is_server = true;
  record.is_sender = parameters->reverse;
  record.remote = remote_;
  record.cookie.assign(cookie_.begin(), std::find(cookie_.begin(), cookie_.end(), 0));
  record.parameters = std::move(*parameters);
  run_.emplace(console_, options_.report, std::move(record));
  control_->say(State::create_streams);
  phase_ = Phase::streams;
  expect(loop, options_.patience, "to open its streams");
  return true;
}

void IperfServerTest::add_stream(EventLoop& loop, SocketHandle socket) {
  run_->traffic().add(loop, socket);
  if (run_->traffic().size() == run_->record().parameters.parallel) run(loop);
}

void IperfServerTest::run(EventLoop& loop) {
  const iperf::Parameters& parameters = run_->record().parameters;
  phase_ = Phase::running;
  control_->say(State::test_start);
  control_->say(State::test_running);
  static_cast<void>(control_->pump(loop));
  const bool timed = parameters.seconds > 0 && parameters.bytes == 0;
  const unsigned most = timed ? parameters.seconds + parameters.omit : iperf::kMostSeconds;
  expect(loop, std::chrono::seconds(most) + kRunGrace, "to end the test");
  run_->start(loop, false, [this](EventLoop& l) {
    // Having all its bytes does not end the test: that is for the client to say.
    if (const std::string why = run_->why(); !why.empty()) fail(l, why);
  });
}

void IperfServerTest::on_state(EventLoop& loop, State state) {
  if (state == State::client_terminate) return fail(loop, "the client has ended the test");
  if (phase_ == Phase::running && state == State::test_end) {
    run_->stop(loop);
    run_->traffic().shutdown(loop);
    control_->say(State::exchange_results);
    phase_ = Phase::results;
    return expect(loop, options_.patience, "to give its results");
  }
  if (phase_ == Phase::display && state == State::done) return leave(loop);
  fail(loop, fmt::format("the client says {}, which makes no sense here", static_cast<int>(state)));
}

bool IperfServerTest::take_results(EventLoop& loop) {
  const auto text = control_->reader().take_json();
  if (text && !*text) return false;
  const auto results = text ? iperf::parse_results(**text) : unexpected(text.error());
  if (!results) {
    fail(loop, "the client's results make no sense: " + results.error());
    return false;
  }
  run_->compare(*results);
  control_->say(iperf::framed(iperf::to_json(run_->results())));
  control_->say(State::display_results);
  run_->report("");
  succeeded_ = true;
  phase_ = Phase::display;
  expect(loop, options_.patience, "to say that it is done");
  return true;
}

/// Tells the client that there will be no test, as iperf3 does: with two numbers.
void IperfServerTest::refuse(EventLoop& loop, const std::string& why) {
  constexpr std::string_view kNotImplemented("\0\0\0\x0d\0\0\0\0", 8);
  complain_(fmt::format("{}: {}", remote_.to_string(), why));
  control_->say(State::server_error);
  control_->say(kNotImplemented);
  leave(loop);
}

void IperfServerTest::fail(EventLoop& loop, const std::string& why) {
  if (phase_ >= Phase::leaving) return;
  complain_(fmt::format("{}: {}", remote_.to_string(), why));
  if (run_ && !succeeded_) {
    run_->stop(loop);
    run_->report(why);
  }
  control_->say(State::server_terminate);
  leave(loop);
}

void IperfServerTest::interrupt(EventLoop& loop) {
  if (phase_ >= Phase::leaving) return;
  if (run_ && !succeeded_) {
    run_->stop(loop);
    run_->report("interrupted");
  }
  control_->say(State::server_terminate);
  leave(loop);
}

/// Lets the last words arrive and waits for the client's FIN; then it is over.
void IperfServerTest::leave(EventLoop& loop) {
  if (phase_ < Phase::leaving) {
    phase_ = Phase::leaving;
    alarm_.set(loop, kServerFarewell, [this](EventLoop& l) { leave(l); });
    control_->shutdown(loop);
    if (control_->pump(loop)) return;
  }
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  alarm_.cancel(loop);
  if (run_) run_->close(loop);
  static_cast<void>(loop.close(control_->socket()));
  on_over_(loop);
}

}  // namespace leat::command
