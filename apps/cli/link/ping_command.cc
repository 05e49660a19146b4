#include "cli/link/ping_command.h"

#include <fmt/core.h>

#include <cmath>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <vector>

#include "cli/complain.h"
#include "cli/host/host_options.h"

#include "cli/host/open_hosts.h"
#include "cli/host/stats_printer.h"
#include "cli/signal_watch.h"
#include "cli/units.h"
#include "cli/value_option.h"
#include "http/resolver.h"
#include "leat/event_loop.h"

namespace leat::command {
namespace {

constexpr const char* kPingGroup = "Ping options";
constexpr int kNoReply = 1;

constexpr const char* kPingDescription = R"(send ICMP echo requests to a host, and time the replies

One request a second (--interval) until --count of them have been sent, or until Ctrl-C; then a summary.)";

constexpr const char* kPingFooter = R"(EXIT STATUS
  0    At least one reply has come.
  1    None has.
  2    A bad option, an unknown name, no link, or a link that cannot be
       opened.

EXAMPLES
  leat ping -c 3 10.77.2.2

SEE ALSO
ping(8)

)";

struct PingCommand {
  HostOptions host;
  std::string name;
  std::optional<std::uint64_t> count;
  Duration interval = std::chrono::seconds(1);
  Duration wait = std::chrono::seconds(10);
  std::size_t size = 56;
};

/// Sends and listens on the host's thread; the main thread waits in run().
class Pinger {
 public:
  Pinger(const PingCommand& options, const IpAddress& remote)
      : options_(options), remote_(remote), id_(static_cast<std::uint16_t>(std::random_device()())) {
    for (std::size_t i = 0; i < options.size; ++i) payload_.push_back(static_cast<std::uint8_t>(i));
  }

  void run(Host& host) {
    fmt::print("PING {} ({}) {}({}) bytes of data.\n", options_.name, remote_.to_string(), options_.size,
               options_.size + 28);
    std::fflush(stdout);
    host.post([this](EventLoop& loop) {
      begun_ = loop.now();
      loop.set_echo_handler([this](EventLoop& l, const EchoReply& reply) { on_reply(l, reply); });
      send(loop);
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_; });
    lock.unlock();
    // Whatever is called on the host's thread from here on finds nothing to do.
    std::promise<void> quiet;
    host.post([&](EventLoop& loop) {
      loop.set_echo_handler({});
      if (timer_) loop.cancel(*timer_);
      elapsed_ = loop.now() - begun_;
      quiet.set_value();
    });
    quiet.get_future().wait();
  }

  /// From any thread.
  void stop() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }

  int summary() const {
    const std::uint64_t lost = sent_ - received_;
    fmt::print(
        "\n--- {} ping statistics ---\n{} packets transmitted, {} received, {}{:.6g}% packet loss, time {:.0f}ms\n",
        options_.name, sent_, received_, duplicates_ > 0 ? fmt::format("+{} duplicates, ", duplicates_) : "",
        sent_ > 0 ? 100.0 * static_cast<double>(lost) / static_cast<double>(sent_) : 0.0, milliseconds(elapsed_));
    if (received_ > 0) {
      const double mean = sum_ / static_cast<double>(received_);
      const double deviation = std::sqrt(std::max(squares_ / static_cast<double>(received_) - mean * mean, 0.0));
      fmt::print("rtt min/avg/max/mdev = {:.3f}/{:.3f}/{:.3f}/{:.3f} ms\n", least_, mean, most_, deviation);
    }
    std::fflush(stdout);
    return received_ > 0 ? 0 : kNoReply;
  }

 private:
  void send(EventLoop& loop) {
    if (options_.count && sent_ == *options_.count) {
      // All are sent; the last ones may still come.
      timer_ = loop.call_after(options_.wait, [this](EventLoop&) { stop(); });
      return;
    }
    const auto sequence = static_cast<std::uint16_t>(++sent_);
    const auto sent = loop.ping(remote_, id_, sequence, payload_);
    if (!sent) {
      complain("ping", sent.error() == Error::invalid_argument
                           ? fmt::format("{} bytes of data do not fit into a packet of this link", options_.size)
                           : fmt::format("sending: {}", to_string(sent.error())));
    }
    waiting_[sequence] = loop.now();
    answered_.erase(sequence);  // sequence numbers come round
    timer_ = loop.call_after(options_.interval, [this](EventLoop& l) { send(l); });
  }

  void on_reply(EventLoop& loop, const EchoReply& reply) {
    if (reply.id != id_) return;
    const auto asked = waiting_.find(reply.sequence);
    if (asked == waiting_.end()) return;
    const bool again = !answered_.insert(reply.sequence).second;
    const double time = milliseconds(loop.now() - asked->second);
    if (again) {
      ++duplicates_;
    } else {
      ++received_;
      sum_ += time, squares_ += time * time;
      least_ = received_ == 1 ? time : std::min(least_, time);
      most_ = std::max(most_, time);
    }
    fmt::print("{} bytes from {}: icmp_seq={} ttl={} time={:.3f} ms{}{}\n", reply.payload.size() + 8,
               reply.from.to_string(), reply.sequence, reply.ttl, time, again ? " (DUP!)" : "",
               reply.payload == payload_ ? "" : " (wrong data)");
    std::fflush(stdout);
    if (options_.count && received_ == *options_.count) stop();
  }

  const PingCommand& options_;
  IpAddress remote_;
  std::uint16_t id_;
  std::vector<std::uint8_t> payload_;
  std::map<std::uint16_t, Instant> waiting_;  ///< by sequence number, when it was sent
  std::set<std::uint16_t> answered_;
  std::optional<EventLoop::Timer> timer_;
  Instant begun_{};
  Duration elapsed_{};
  std::uint64_t sent_ = 0, received_ = 0, duplicates_ = 0;
  double sum_ = 0, squares_ = 0, least_ = 0, most_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

int run_ping(PingCommand& options) {
  if (auto ok = check_host_options(options.host); !ok) {
    complain("ping", ok.error());
    return kUsage;
  }
  http::SystemResolver resolver;
  const auto addresses = resolver.resolve(options.name, 0);
  if (!addresses) {
    complain("ping", addresses.error());
    return kUsage;
  }
  Pinger pinger(options, addresses->front());
  // Before the host, whose thread must not take the signals.
  const SignalWatch signals([&pinger](int) {
    pinger.stop();
    return true;
  });
  auto hosts = open_hosts(options.host, [](const std::string& text) { complain("ping", text); });
  if (!hosts) return kUsage;
  Host& host = hosts->front();
  StatsPrinter stats(*hosts, options.host.stats);
  pinger.run(host);
  const int status = pinger.summary();
  stats.finish();
  return status;
}

}  // namespace

void add_ping(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<PingCommand>();
  PingCommand* o = options.get();
  CLI::App* command = app.add_subcommand("ping", kPingDescription);
  command->footer(std::string(kPingFooter) + kHostEnvironmentHelp);
  add_value(
      *command, "host", "HOST", "Whom to ask.",
      [](std::string_view text) -> expected<std::string, std::string> { return std::string(text); },
      [o](std::string name) { o->name = std::move(name); })
      ->required();
  add_value(
      *command, "-c,--count", "N", "Stop after N requests. Default: go on.",
      [](std::string_view text) { return parse_number(text, 1, 1'000'000'000); },
      [o](std::uint64_t n) { o->count = n; })
      ->group(kPingGroup);
  add_value(
      *command, "-i,--interval", "T", "The time between two requests. Default: 1 (second).",
      [](std::string_view text) { return parse_duration(text, kLongestWait); }, [o](Duration d) { o->interval = d; })
      ->group(kPingGroup);
  add_value(
      *command, "-s,--size", "BYTES", "How much data a request carries. Default: 56.",
      [](std::string_view text) { return parse_number(text, 0, 65507); },
      [o](std::uint64_t n) { o->size = static_cast<std::size_t>(n); })
      ->group(kPingGroup);
  add_value(
      *command, "-W,--wait", "T", "How long to wait for replies after the last request of --count. Default: 10.",
      [](std::string_view text) { return parse_duration(text, kLongestWait); }, [o](Duration d) { o->wait = d; })
      ->group(kPingGroup);
  add_host_options(*command, options->host);
  command->callback([options, &exit_code] {
    refuse_capture_on_output(options->host);
    exit_code = run_ping(*options);
  });
}

}  // namespace leat::command
