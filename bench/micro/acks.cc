// bench/micro: the time of one ACK at a sender with 16 MB in flight and 1,000 holes: processing the ACK, detecting
// losses, and making the segments that it permits.
#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

#include "base/assert.h"
#include "micro/long_window.h"

namespace leat::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Block = LongWindow::Block;

constexpr std::uint32_t kHalf = LongWindow::kSegments / 2;

/// Times `acks`, which returns the number of its ACKs, on a new window in each iteration.
template <typename Prepare, typename Acks>
void measure(benchmark::State& state, Prepare prepare, Acks acks) {
  double seconds = 0;
  std::uint64_t count = 0;
  for (auto _ : state) {
    LongWindow window;
    prepare(window);
    if (window.info().unacked < LongWindow::kSegments * LongWindow::kMss) state.SkipWithError("the window is smaller");
    const auto start = Clock::now();
    count += acks(window);
    const std::chrono::duration<double> taken = Clock::now() - start;
    state.SetIterationTime(taken.count());
    seconds += taken.count();
  }
  state.counters["ns_per_ack"] = seconds * 1e9 / static_cast<double>(count);
  state.counters["acks"] = static_cast<double>(count) / static_cast<double>(state.iterations());
}

void nothing(LongWindow&) {}
void holes(LongWindow& window) {
  window.make_holes();
  LEAT_ASSERT(window.info().sacked == (kHalf - LongWindow::kHoles) * LongWindow::kMss);
}

void AckInOrder(benchmark::State& state) {
  measure(state, nothing, [](LongWindow& window) {
    for (std::uint32_t i = 1; i <= kHalf; ++i) window.acknowledge(i, {});
    return kHalf;
  });
}

void SackMakesTheHoles(benchmark::State& state) {
  measure(state, nothing, [](LongWindow& window) {
    window.make_holes();
    return kHalf - LongWindow::kHoles;
  });
}

void SackAtTheTail(benchmark::State& state) {
  measure(state, holes, [](LongWindow& window) {
    const std::uint32_t last = LongWindow::hole(LongWindow::kHoles - 1);
    std::vector<Block> blocks{{last + 1, kHalf}, {last - 5, last}, {last - 13, last - 9}};
    for (std::uint32_t end = kHalf + 1; end <= LongWindow::kSegments; ++end) {
      blocks.front().end = end;
      window.acknowledge(0, blocks);
    }
    return LongWindow::kSegments - kHalf;
  });
}

void HolesFilledInOrder(benchmark::State& state) {
  measure(state, holes, [](LongWindow& window) {
    for (std::uint32_t i = 1; i < LongWindow::kHoles; ++i) {
      const std::uint32_t next = LongWindow::hole(i);
      window.acknowledge(next, {{next + 1, next + LongWindow::kSpacing}});
    }
    return LongWindow::kHoles - 1;
  });
}

void HolesFilledOutOfOrder(benchmark::State& state) {
  measure(state, holes, [](LongWindow& window) {
    constexpr std::uint32_t kStride = 389;  // coprime to the number of holes
    for (std::uint32_t i = 1; i < LongWindow::kHoles; ++i) {
      const std::uint32_t filled = LongWindow::hole(1 + i * kStride % (LongWindow::kHoles - 1));
      window.acknowledge(0, {{filled - LongWindow::kSpacing + 1, filled + LongWindow::kSpacing}});
    }
    return LongWindow::kHoles - 1;
  });
}

BENCHMARK(AckInOrder)->UseManualTime()->Iterations(10);
BENCHMARK(SackMakesTheHoles)->UseManualTime()->Iterations(10);
BENCHMARK(SackAtTheTail)->UseManualTime()->Iterations(10);
BENCHMARK(HolesFilledInOrder)->UseManualTime()->Iterations(10);
BENCHMARK(HolesFilledOutOfOrder)->UseManualTime()->Iterations(10);

}  // namespace
}  // namespace leat::bench
