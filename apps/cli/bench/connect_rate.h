// ConnectRate: opens and closes connections to a TCP server, as fast as it goes. Made, and outlived, by bench.cc; all
// but the constructor belongs to the host's thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/iperf_control.h"
#include "cli/bench/latency_histogram.h"
#include "cli/console.h"
#include "leat/event_loop.h"

namespace leat::command {

struct ConnectRateOptions {
  std::string host;
  unsigned parallel = 1;               ///< attempts at a time
  bool reset = false;                  ///< close by RST: no TIME-WAIT on either side
  std::optional<std::uint64_t> count;  ///< attempts; else until `time` is over
  Duration time = std::chrono::seconds(10);
  Duration patience = std::chrono::seconds(10);  ///< with an attempt
  bool json = false;
};

class ConnectRate {
 public:
  ConnectRate(const ConnectRateOptions& options, Console& console, std::function<void(const std::string&)> complain);

  /// The console's finish() ends it: 0, or 1 when no connection was opened.
  void start(EventLoop& loop, const Endpoint& server);
  /// Prints what has been measured so far, and ends with `status`.
  void interrupt(EventLoop& loop, int status) { finish(loop, status); }

 private:
  /// One attempt at a time.
  struct Lane {
    std::optional<SocketHandle> socket;
    Instant begun{};
    Alarm alarm;
  };
  void attempt(EventLoop& loop, Lane& lane);
  void on_event(EventLoop& loop, Lane& lane);
  void end(EventLoop& loop, Lane& lane, const std::string& failure, bool pause);
  void finish(EventLoop& loop, int status);
  std::string text() const;
  std::string json() const;

  const ConnectRateOptions& options_;
  Console& console_;
  std::function<void(const std::string&)> complain_;
  Endpoint server_;
  std::vector<Lane> lanes_;
  Alarm end_;
  std::uint64_t attempts_ = 0, done_ = 0, opened_ = 0;
  std::map<std::string, std::uint64_t> failures_;  ///< by why
  LatencyHistogram times_;
  Instant begun_{};
  Duration elapsed_{};
  bool over_ = false;
};

}  // namespace leat::command
