#include "cli/bench/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace leat::command {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, IsEmptyAtFirst) {
  const LatencyHistogram none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.quantile(0.5), 0ns);
  EXPECT_EQ(none.mean(), 0ns);
}

TEST(LatencyHistogram, OneTimeIsEveryQuantile) {
  LatencyHistogram h;
  h.add(12'345'678ns);
  for (const double share : {0.0, 0.5, 0.99, 1.0}) EXPECT_EQ(h.quantile(share), 12'345'678ns);
  EXPECT_EQ(h.least(), h.most());
  EXPECT_EQ(h.mean(), 12'345'678ns);
}

TEST(LatencyHistogram, QuantilesAreAlmostThoseOfTheSortedTimes) {
  std::mt19937_64 random(3);
  LatencyHistogram h;
  std::vector<std::int64_t> times;
  for (int i = 0; i < 100'000; ++i) {
    times.push_back(static_cast<std::int64_t>(random() >> (random() % 40 + 24)));
    h.add(Duration(times.back()));
  }
  std::sort(times.begin(), times.end());
  EXPECT_EQ(h.least().count(), times.front());
  EXPECT_EQ(h.most().count(), times.back());
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const std::int64_t exact = times[static_cast<std::size_t>(share * 100'000) - 1];
    EXPECT_GE(h.quantile(share).count(), exact) << share;
    EXPECT_LE(h.quantile(share).count(), exact + exact / 64 + 1) << share;
  }
}

TEST(LatencyHistogram, TakesAnyTime) {
  LatencyHistogram h;
  h.add(-5ns);
  h.add(Duration::max());
  EXPECT_EQ(h.least(), 0ns);
  EXPECT_EQ(h.quantile(1), Duration::max());
}

}  // namespace
}  // namespace leat::command
