#include "cli/bench/throughput_run.h"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>

namespace leat::command {
namespace {

std::int64_t nanoseconds(const timeval& t) { return t.tv_sec * 1'000'000'000 + t.tv_usec * 1'000; }

std::int64_t wall_now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

rusage usage() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used;
}

}  // namespace

CpuMeter::CpuMeter() : wall_(wall_now()) {
  const rusage used = usage();
  user_ = nanoseconds(used.ru_utime);
  system_ = nanoseconds(used.ru_stime);
}

CpuUse CpuMeter::use() const {
  const rusage used = usage();
  const double percent = 100.0 / static_cast<double>(std::max<std::int64_t>(wall_now() - wall_, 1));
  const double user = static_cast<double>(nanoseconds(used.ru_utime) - user_) * percent;
  const double system = static_cast<double>(nanoseconds(used.ru_stime) - system_) * percent;
  return {user + system, user, system};
}

ThroughputRun::ThroughputRun(Console& console, const ReportOptions& report, ThroughputRecord about)
    : console_(console), report_(report), record_(std::move(about)), traffic_(record_.parameters, record_.is_sender) {}

void ThroughputRun::start(EventLoop& loop, bool ends_by_time, std::function<void(EventLoop&)> on_end) {
  on_end_ = std::move(on_end);
  ends_by_time_ = ends_by_time;
  running_ = has_started_ = true;
  cpu_.emplace();
  record_.streams = traffic_.records();
  record_.local_congestion = traffic_.congestion(loop);
  if (!report_.json) {
    for (const StreamRecord& stream : record_.streams) console_.say(opened_text(stream));
    if (report_.interval > Duration::zero()) console_.say(heading_text(record_.is_sender));
  }
  begun_ = loop.now();
  omitting_ = record_.parameters.omit > 0;
  if (omitting_) {
    omit_timer_ =
        loop.call_after(std::chrono::seconds(record_.parameters.omit), [this](EventLoop& l) { on_omitted(l); });
  }
  meter_.begin(traffic_.totals(loop));
  arm(loop);
  watch(loop);
  // Several may call at the end: the time, the bytes, and a stream that breaks.
  traffic_.start(loop, [this](EventLoop& l) {
    if (running_ && (!omitting_ || !traffic_.why().empty())) on_end_(l);
  });
}

/// Sets the timers of the time that counts.
void ThroughputRun::arm(EventLoop& loop) {
  const Duration time = std::chrono::seconds(record_.parameters.seconds);
  if (ends_by_time_ && time > Duration::zero() && record_.parameters.bytes == 0 && !omitting_) {
    end_timer_ = loop.call_at(begun_ + time, [this](EventLoop& l) {
      if (running_) on_end_(l);
    });
  }
  intervals_ = 0;
  if (report_.interval > Duration::zero()) {
    interval_timer_ = loop.call_at(begun_ + report_.interval, [this](EventLoop& l) { on_interval(l); });
  }
}

void ThroughputRun::on_interval(EventLoop& loop) {
  mark(loop);
  ++intervals_;
  interval_timer_ =
      loop.call_at(begun_ + report_.interval * (intervals_ + 1), [this](EventLoop& l) { on_interval(l); });
}

void ThroughputRun::on_omitted(EventLoop& loop) {
  mark(loop);
  if (interval_timer_) loop.cancel(*interval_timer_);
  omitting_ = false;
  begun_ = loop.now();
  traffic_.forget(loop);
  meter_.begin(traffic_.totals(loop));
  arm(loop);
}

/// Ends an interval, unless it has hardly begun and nothing has moved in it.
void ThroughputRun::mark(EventLoop& loop) {
  constexpr Duration kLeast = std::chrono::milliseconds(1);
  const Duration now = elapsed(loop);
  const std::vector<StreamFigures> totals = traffic_.totals(loop);
  if (report_.interval == Duration::zero()) return;
  if (now < meter_.last() + kLeast && !meter_.has_moved(totals)) return;
  record_.intervals.push_back(meter_.mark(now, totals, omitting_));
  if (!report_.json) console_.say(interval_text(record_.intervals.back(), record_.is_sender));
}

void ThroughputRun::watch(EventLoop& loop) {
  watch_timer_ = loop.call_after(std::chrono::seconds(1), [this](EventLoop& l) {
    watch(l);
    if (l.now() < traffic_.moved() + kSilence) return;
    why_ = "nothing has moved for two minutes";
    on_end_(l);
  });
}

void ThroughputRun::cancel_timers(EventLoop& loop) {
  for (auto* timer : {&end_timer_, &interval_timer_, &omit_timer_, &watch_timer_}) {
    if (*timer) loop.cancel(**timer);
    timer->reset();
  }
}

void ThroughputRun::stop(EventLoop& loop) {
  if (!running_) return;
  running_ = false;
  cancel_timers(loop);
  traffic_.drain(loop);
  mark(loop);
  traffic_.stop(loop);
  record_.local_cpu = cpu_->use();
  const std::vector<StreamFigures> totals = traffic_.totals(loop);
  for (std::size_t i = 0; i < totals.size(); ++i) {
    StreamSide side{totals[i].bytes, elapsed(loop), std::nullopt};
    if (record_.is_sender) side.retransmits = totals[i].retransmits;
    (record_.is_sender ? record_.streams[i].sent : record_.streams[i].received) = side;
  }
}

iperf::Results ThroughputRun::results() const {
  iperf::Results out;
  if (record_.local_cpu) {
    out.cpu_total = record_.local_cpu->total;
    out.cpu_user = record_.local_cpu->user;
    out.cpu_system = record_.local_cpu->system;
  }
  out.has_retransmits = record_.is_sender;
  out.congestion = record_.local_congestion;
  for (std::size_t i = 0; i < record_.streams.size(); ++i) {
    const auto& side = record_.is_sender ? record_.streams[i].sent : record_.streams[i].received;
    if (!side) continue;
    const double seconds = std::chrono::duration<double>(side->time).count();
    out.streams.push_back({iperf::stream_id(i), side->bytes, side->retransmits, seconds});
  }
  return out;
}

void ThroughputRun::compare(const iperf::Results& peer) {
  constexpr double kLongest = iperf::kMostSeconds * 2.0;
  record_.remote_cpu = CpuUse{peer.cpu_total, peer.cpu_user, peer.cpu_system};
  record_.remote_congestion = peer.congestion;
  for (std::size_t i = 0; i < record_.streams.size(); ++i) {
    for (const iperf::StreamResult& stream : peer.streams) {
      if (stream.id != iperf::stream_id(i)) continue;
      const auto time =
          std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::min(stream.seconds, kLongest)));
      (record_.is_sender ? record_.streams[i].received : record_.streams[i].sent) =
          StreamSide{stream.bytes, time, stream.retransmits};
    }
  }
}

void ThroughputRun::report(const std::string& error) {
  record_.error = error;
  if (report_.json) return console_.say(json_text(record_));
  if (has_started_) console_.say(summary_text(record_));
}

void ThroughputRun::close(EventLoop& loop) {
  cancel_timers(loop);
  running_ = false;
  traffic_.close(loop);
}

}  // namespace leat::command
