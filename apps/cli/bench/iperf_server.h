// IperfServer: what `iperf3 -c` finds: one throughput test at a time, and a refusal for whoever comes meanwhile. Made,
// and outlived, by bench.cc; all but the constructor belongs to the host's thread.
//
// Peers are strangers: how many may be here without having said who they are, what they may send and how long they may
// take at each step are bounded.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/bench/iperf_control.h"
#include "cli/bench/throughput_run.h"

namespace leat::command {

struct IperfServerOptions {
  Duration patience = std::chrono::seconds(10);  ///< with each step of the conversation
  ReportOptions report;
  bool one_off = false;  ///< end after a test
};

/// One test, from the client's cookie on.
class IperfServerTest {
 public:
  using Complain = std::function<void(const std::string&)>;
  IperfServerTest(const IperfServerOptions& options, Console& console, Complain complain)
      : options_(options), console_(console), complain_(std::move(complain)) {}
  IperfServerTest(const IperfServerTest&) = delete;
  IperfServerTest& operator=(const IperfServerTest&) = delete;

  /// `on_over` is called once; the test may be destroyed after it has returned, not within.
  void start(EventLoop& loop, IperfControl control, const iperf::Cookie& cookie, EventLoop::Function on_over);
  bool wants_stream(const iperf::Cookie& cookie) const { return phase_ == Phase::streams && cookie == cookie_; }
  bool wants_streams() const { return phase_ == Phase::streams; }
  void add_stream(EventLoop& loop, SocketHandle socket);
  /// Prints what has been measured so far, and tells the client.
  void interrupt(EventLoop& loop);
  bool has_succeeded() const { return succeeded_; }

 private:
  void on_control(EventLoop& loop);
  bool take(EventLoop& loop);
  bool take_parameters(EventLoop& loop);
  bool take_results(EventLoop& loop);
  void run(EventLoop& loop);
  void on_state(EventLoop& loop, iperf::State state);
  void expect(EventLoop& loop, Duration patience, const std::string& what);
  void refuse(EventLoop& loop, const std::string& why);
  void fail(EventLoop& loop, const std::string& why);
  void leave(EventLoop& loop);

  const IperfServerOptions& options_;
  Console& console_;
  Complain complain_;
  iperf::Cookie cookie_{};
  std::optional<IperfControl> control_;
  std::optional<ThroughputRun> run_;
  Endpoint remote_;
  EventLoop::Function on_over_;
  Alarm alarm_;
  enum class Phase { parameters, streams, running, results, display, leaving, over } phase_ = Phase::parameters;
  bool succeeded_ = false;
};

class IperfServer {
 public:
  IperfServer(const IperfServerOptions& options, Console& console, IperfServerTest::Complain complain)
      : options_(options), console_(console), complain_(std::move(complain)) {}

  expected<Endpoint, Error> listen(EventLoop& loop, std::uint16_t port);
  /// Ends the test that runs, if any, and the console's run() with `status`.
  void interrupt(EventLoop& loop, int status);

 private:
  /// Has connected, and not said who it is; or is being refused.
  struct Newcomer {
    explicit Newcomer(SocketHandle socket) : control(socket) {}
    IperfControl control;
    Alarm alarm;
    bool refused = false;
  };
  void accept(EventLoop& loop);
  void on_newcomer(EventLoop& loop, std::uint64_t key);
  void refuse(EventLoop& loop, std::uint64_t key);
  void drop(EventLoop& loop, std::uint64_t key);
  void begin_test(EventLoop& loop, IperfControl control, const iperf::Cookie& cookie);
  void on_over(EventLoop& loop);

  const IperfServerOptions& options_;
  Console& console_;
  IperfServerTest::Complain complain_;
  SocketHandle listener_;
  std::map<std::uint64_t, Newcomer> newcomers_;
  std::uint64_t next_key_ = 0;
  std::unique_ptr<IperfServerTest> test_;
  std::optional<int> leaving_;  ///< with this status
};

}  // namespace leat::command
