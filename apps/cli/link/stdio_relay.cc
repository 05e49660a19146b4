#include "cli/link/stdio_relay.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "http/output.h"

namespace leat::command {
namespace {

constexpr std::size_t kPiece = std::size_t{128} << 10;
constexpr int kGraceMilliseconds = 1000;  // for an input that is silent when the peer has closed
constexpr Duration kLongestFarewell = std::chrono::hours(1);

Instant now() { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

Relay::Relay(Connection& connection, int input, int output, std::optional<Duration> idle)
    : connection_(connection), input_(input), output_(output), idle_(idle), wake_(::eventfd(0, EFD_CLOEXEC)) {
  moved();
}

void Relay::moved() { moved_at_ = now().time_since_epoch().count(); }

bool Relay::is_idle() const { return idle_ && now() - Instant(Duration(moved_at_)) >= *idle_; }

void Relay::stop_sending() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_.get(), &one, sizeof one) == sizeof one);
}

void Relay::interrupt() {
  interrupted_ = true;
  stopping_ = true;
  stop_sending();
  connection_.abort();
}

Relay::Result Relay::run() {
  std::thread sender([this] { send(); });
  const End end = receive();
  if (end == End::finished) {
    peer_closed_ = true;
  } else {
    stopping_ = true;
    connection_.abort();  // what is being written ends as well
  }
  stop_sending();
  sender.join();
  Result result = receiver_;
  result.sent = sender_.sent;
  result.end = end;
  if (end == End::finished && sender_.end != End::finished) result.end = sender_.end, result.why = sender_.why;
  if (result.end == End::finished) {
    // Also the last of it has to arrive before this host is gone.
    const auto flushed = connection_.close(idle_.value_or(kLongestFarewell));
    if (!flushed.value_or(false) && !interrupted_) {
      result.end = End::broken, result.why = "the peer did not acknowledge everything";
    }
  } else {
    connection_.abort();
  }
  if (interrupted_) result.end = End::interrupted;
  return result;
}

/// From the connection to the output, up to the peer's FIN.
Relay::End Relay::receive() {
  std::vector<std::uint8_t> buffer(kPiece);
  for (;;) {
    const auto n = connection_.read(buffer, idle_);
    if (!n && n.error() == Error::timed_out && idle_ && connection_.info().state != TcpState::closed) {
      if (is_idle()) return End::idle;
      continue;
    }
    if (!n) {
      receiver_.why = to_string(n.error());
      return End::broken;
    }
    if (*n == 0) return End::finished;
    moved();
    receiver_.received += *n;
    if (auto ok = http::write_fully(output_, Bytes(buffer).first(*n)); !ok) {
      receiver_.why = ok.error();
      return End::output_failed;
    }
    moved();
  }
}

/// Waits until the input can be read; false when nobody is to read it any more.
bool Relay::wait_for_input() {
  const bool is_terminal = ::isatty(input_) == 1;
  for (;;) {
    if (stopping_) return false;
    const bool last = peer_closed_;
    std::array<pollfd, 2> waited{pollfd{input_, POLLIN, 0}, pollfd{last ? -1 : wake_.get(), POLLIN, 0}};
    const int ready = ::poll(waited.data(), waited.size(), last ? (is_terminal ? 0 : kGraceMilliseconds) : -1);
    if (ready < 0 && errno != EINTR) return false;
    if (ready == 0) return false;
    if (ready > 0 && waited[0].revents != 0) return true;
    if (ready > 0 && !peer_closed_ && !stopping_) {
      std::uint64_t count;
      static_cast<void>(::read(wake_.get(), &count, sizeof count) == sizeof count);
    }
  }
}

/// From the input to the connection, then FIN.
void Relay::send() {
  std::vector<std::uint8_t> buffer(kPiece);
  while (wait_for_input()) {
    const ssize_t n = ::read(input_, buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return fail(End::input_failed, std::string("cannot read: ") + std::strerror(errno));
    if (n == 0) {
      static_cast<void>(connection_.shutdown().has_value());  // a connection that has failed tells its reader
      return;
    }
    moved();
    Bytes rest = Bytes(buffer).first(static_cast<std::size_t>(n));
    while (!rest.empty()) {
      const auto taken = connection_.write(rest, idle_);
      if (!taken && taken.error() == Error::timed_out && idle_ && !is_idle()) continue;
      if (!taken) {
        const bool idle = taken.error() == Error::timed_out && is_idle();
        return fail(idle ? End::idle : End::broken, std::string(to_string(taken.error())));
      }
      moved();
      sender_.sent += *taken;
      rest = rest.subspan(*taken);
    }
  }
}

void Relay::fail(End how, std::string why) {
  sender_.end = how;
  sender_.why = std::move(why);
  if (how == End::input_failed) connection_.abort();  // the peer must not take it for the whole
}

}  // namespace leat::command
