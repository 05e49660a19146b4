// ThroughputRun: a throughput test between its beginning and its end, the same for client and server: its traffic, the
// clock, a line for each interval, and the record. On a host's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/bench/iperf_protocol.h"
#include "cli/bench/throughput_record.h"
#include "cli/bench/traffic.h"
#include "cli/console.h"

namespace leat::command {

/// How a test is told about.
struct ReportOptions {
  bool json = false;
  Duration interval = std::chrono::seconds(1);  ///< zero: no lines before the end
};

/// What the process takes of the processor.
class CpuMeter {
 public:
  CpuMeter();
  CpuUse use() const;  ///< since it was made

 private:
  std::int64_t wall_, user_, system_;  ///< nanoseconds
};

class ThroughputRun {
 public:
  /// Nothing moves for so long: the test is given up.
  static constexpr Duration kSilence = std::chrono::seconds(120);

  ThroughputRun(Console& console, const ReportOptions& report, ThroughputRecord about);
  ThroughputRun(const ThroughputRun&) = delete;
  ThroughputRun& operator=(const ThroughputRun&) = delete;

  Traffic& traffic() { return traffic_; }
  const ThroughputRecord& record() const { return record_; }

  /// `on_end` is called when the bytes of the parameters are through, when a stream has broken or nothing moves (then
  /// why() is not empty), and, if `ends_by_time`, when their time is over.
  void start(EventLoop& loop, bool ends_by_time, std::function<void(EventLoop&)> on_end);
  /// The test is over, now.
  void stop(EventLoop& loop);
  bool is_running() const { return running_; }
  std::string why() const { return why_.empty() ? traffic_.why() : why_; }

  /// What this side has seen.
  iperf::Results results() const;
  /// What the other side has.
  void compare(const iperf::Results& peer);
  /// The end of the output. `error`: a sentence, or empty.
  void report(const std::string& error);
  /// No timer goes off any more, and the streams are closed.
  void close(EventLoop& loop);

 private:
  void arm(EventLoop& loop);
  void on_interval(EventLoop& loop);
  void on_omitted(EventLoop& loop);
  void mark(EventLoop& loop);
  void watch(EventLoop& loop);
  void cancel_timers(EventLoop& loop);
  Duration elapsed(EventLoop& loop) const { return loop.now() - begun_; }

  Console& console_;
  const ReportOptions report_;
  ThroughputRecord record_;
  Traffic traffic_;
  IntervalMeter meter_;
  std::optional<CpuMeter> cpu_;
  std::function<void(EventLoop&)> on_end_;
  std::optional<EventLoop::Timer> end_timer_, interval_timer_, omit_timer_, watch_timer_;
  Instant begun_{};  ///< counting did
  std::int64_t intervals_ = 0;
  bool running_ = false, omitting_ = false, ends_by_time_ = false, has_started_ = false;
  std::string why_;
};

}  // namespace leat::command
