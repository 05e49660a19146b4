// PingPong: round trips of a few bytes against an echo server. Made, and outlived, by bench.cc; all but the constructor
// belongs to the host's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/iperf_control.h"
#include "cli/bench/latency_histogram.h"
#include "cli/console.h"
#include "leat/event_loop.h"

namespace leat::command {

struct PingPongOptions {
  std::string host;
  std::size_t size = 1;                ///< bytes each way
  std::optional<std::uint64_t> count;  ///< round trips; else until `time` is over
  Duration time = std::chrono::seconds(10);
  Duration patience = std::chrono::seconds(10);  ///< with connecting, and with each answer
  bool json = false;
};

class PingPong {
 public:
  PingPong(const PingPongOptions& options, Console& console, std::function<void(const std::string&)> complain);

  /// The console's finish() ends it: 0, or 1 when the server cannot be reached, goes, or sends back something else.
  void start(EventLoop& loop, const Endpoint& server);
  /// Prints what has been measured so far, and ends with `status`.
  void interrupt(EventLoop& loop, int status) { finish(loop, status, "interrupted"); }

 private:
  void on_event(EventLoop& loop);
  void watch(EventLoop& loop);
  void ask();
  bool send(EventLoop& loop);
  bool receive(EventLoop& loop);
  void finish(EventLoop& loop, int status, const std::string& why);
  std::string text() const;
  std::string json(const std::string& error) const;

  const PingPongOptions& options_;
  Console& console_;
  std::function<void(const std::string&)> complain_;
  std::vector<std::uint8_t> question_, answer_;
  Endpoint server_, local_;
  std::optional<SocketHandle> socket_;
  Alarm patience_, end_;
  std::size_t sent_ = 0, received_ = 0;  ///< bytes of this round trip
  bool connected_ = false, over_ = false;
  Instant begun_{}, asked_{};  ///< by monotonic_now()
  Duration elapsed_{};
  LatencyHistogram times_;
};

}  // namespace leat::command
