// IperfClient: one throughput test against an iperf3 server. Made, and outlived, by bench.cc; all but the constructor
// belongs to the host's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/iperf_control.h"
#include "cli/bench/throughput_run.h"

namespace leat::command {

struct IperfClientOptions {
  std::string host;
  iperf::Parameters parameters;
  Duration patience = std::chrono::seconds(10);  ///< with each step of the conversation
  ReportOptions report;
};

class IperfClient {
 public:
  IperfClient(const IperfClientOptions& options, Console& console, std::function<void(const std::string&)> complain)
      : options_(options), console_(console), complain_(std::move(complain)) {}

  /// The console's finish() ends it: 0, or 1 when there is no result.
  void start(EventLoop& loop, const Endpoint& server);
  /// Prints what has been measured so far, tells the server, and ends with `status`.
  void interrupt(EventLoop& loop, int status);

 private:
  void on_control(EventLoop& loop);
  bool take(EventLoop& loop);
  void on_state(EventLoop& loop, iperf::State state);
  void connect_stream(EventLoop& loop);
  void on_stream(EventLoop& loop, SocketHandle socket, const Event& event);
  void expect(EventLoop& loop, const std::string& what);
  void end_test(EventLoop& loop);
  void fail(EventLoop& loop, const std::string& why);
  void leave(EventLoop& loop, int status);

  const IperfClientOptions& options_;
  Console& console_;
  std::function<void(const std::string&)> complain_;
  Endpoint server_;
  iperf::Cookie cookie_{};
  std::optional<IperfControl> control_;
  std::optional<ThroughputRun> run_;
  std::optional<SocketHandle> connecting_;  ///< a stream
  Alarm alarm_;
  enum class Phase { connecting, states, results, error_numbers, leaving, over } phase_ = Phase::connecting;
  bool ended_ = false;    ///< we have said that the test is over
  std::size_t step_ = 0;  ///< how many states have come
  int status_ = 0;
};

}  // namespace leat::command
