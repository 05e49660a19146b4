// bench/micro: the time of one entry among many: a flow among a million in the flow table, a timer among a million in
// the wheel. Small numbers are for comparison; the difference comes from CPU caches.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "base/random.h"
#include "stack/timer_wheel.h"
#include "tcp/engine/flow_table.h"

namespace leat::bench {
namespace {

constexpr std::int64_t kFew = 1000, kMany = 1'000'000;

class Flows {
 public:
  explicit Flows(std::int64_t count) : table_(static_cast<std::size_t>(count) + 1) {
    for (std::int64_t i = 0; i < count; ++i) {
      hashes_.push_back(random_.next32());
      table_.insert(hashes_.back(), {FlowKind::connection, static_cast<std::uint32_t>(i)});
    }
  }
  std::uint32_t any() { return random_.below(static_cast<std::uint32_t>(hashes_.size())); }
  bool find(std::uint32_t i) const {
    return table_.find(hashes_[i], [&](FlowRef f) { return f.slot == i; }).has_value();
  }
  bool find_stranger() {
    return table_.find(random_.next32(), [](FlowRef f) { return f.kind != FlowKind::connection; }).has_value();
  }
  bool replace_by_new(std::uint32_t i) {
    const FlowRef flow{FlowKind::connection, i};
    const bool was = table_.erase(hashes_[i], flow);
    hashes_[i] = random_.next32();
    return table_.insert(hashes_[i], flow) && was;
  }

 private:
  Random random_{{1, 2}};
  FlowTable table_;
  std::vector<std::uint32_t> hashes_;
};

void FlowFound(benchmark::State& state) {
  Flows flows(state.range(0));
  bool all = true;
  for (auto _ : state) all &= flows.find(flows.any());
  if (!all) state.SkipWithError("one was not there");
}

void FlowNotFound(benchmark::State& state) {
  Flows flows(state.range(0));
  bool any = false;
  for (auto _ : state) {
    any |= flows.find_stranger();
    benchmark::ClobberMemory();
  }
  if (any) state.SkipWithError("a stranger was there");
}

void FlowEndsAndAnotherBegins(benchmark::State& state) {
  Flows flows(state.range(0));
  bool all = true;
  for (auto _ : state) all &= flows.replace_by_new(flows.any());
  if (!all) state.SkipWithError("one was not there");
}

class Timers {
 public:
  explicit Timers(std::int64_t count) : entries_(static_cast<std::size_t>(count)) {
    for (TimerEntry& entry : entries_) schedule(entry);
  }
  /// Arms a timer of 200 ms to one hour.
  void schedule(TimerEntry& entry) {
    const auto most = static_cast<std::uint32_t>(std::chrono::milliseconds(std::chrono::hours(1)).count());
    wheel_.schedule(entry, now_ + std::chrono::milliseconds(200 + random_.below(most)));
  }
  TimerEntry& any() { return entries_[random_.below(static_cast<std::uint32_t>(entries_.size()))]; }
  /// Lets a millisecond pass and arms the timers that were due again. Returns their number.
  std::int64_t step() {
    now_ += std::chrono::milliseconds(1);
    std::int64_t due = 0;
    for (; TimerEntry* entry = wheel_.pop_expired(now_); ++due) schedule(*entry);
    return due;
  }

 private:
  Random random_{{3, 4}};
  TimerWheel wheel_;
  std::vector<TimerEntry> entries_;
  Instant now_{std::chrono::hours(1)};
};

void TimerMoved(benchmark::State& state) {
  Timers timers(state.range(0));
  for (auto _ : state) timers.schedule(timers.any());
}

/// The time of each timer that fires, with the work of the wheel for the others.
void TimerFires(benchmark::State& state) {
  Timers timers(state.range(0));
  std::int64_t fired = 0;
  for (auto _ : state) fired += timers.step();
  state.SetItemsProcessed(fired);
}

BENCHMARK(FlowFound)->Arg(kFew)->Arg(kMany);
BENCHMARK(FlowNotFound)->Arg(kFew)->Arg(kMany);
BENCHMARK(FlowEndsAndAnotherBegins)->Arg(kFew)->Arg(kMany);
BENCHMARK(TimerMoved)->Arg(kFew)->Arg(kMany);
BENCHMARK(TimerFires)->Arg(kFew)->Arg(kMany);

}  // namespace
}  // namespace leat::bench
