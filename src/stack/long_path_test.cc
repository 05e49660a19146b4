// Downloads over long paths, in virtual time. Named after the traps that other stacks fell into.
#include <gtest/gtest.h>

#include "stack/testing/long_path.h"

namespace leat {
namespace {

using namespace leat::testing;
using namespace std::chrono_literals;

constexpr double kMegabit = 1e6;

/// A sender that its own buffer does not hold back.
TcpSettings eager() {
  TcpSettings options;
  options.send_growth.most = std::size_t{64} << 20;
  return options;
}

TEST(LongPath, FixedBuffersInsteadOfAutotuning) {
  LongPath path({.round_trip = 100ms, .sender = eager()});
  path.run(1500ms);
  EXPECT_GT(path.rate_during(500ms), 900 * kMegabit) << "of 1 Gbit/s at 100 ms, which takes 12.5 MB";
}

TEST(LongPath, AutotuningWithoutTimestamps) {
  LongPathConfig config{.round_trip = 100ms, .sender = eager()};
  config.receiver.timestamps = false;
  LongPath path(config);
  path.run(1500ms);
  EXPECT_GT(path.rate_during(500ms), 900 * kMegabit);
}

TEST(LongPath, NoWindowScaling200MbitAt10Ms) {
  LongPath path({.round_trip = 10ms});
  path.run(200ms);
  EXPECT_GT(path.rate_during(200ms), 900 * kMegabit) << "64 kB each round trip are 52 Mbit/s";
}

TEST(LongPath, ABufferThatTheUserSetStaysSo) {
  LongPathConfig config{.round_trip = 100ms};
  config.receiver.receive_buffer = 100'000;
  LongPath path(config);
  path.run(1500ms);
  const double rate = path.rate_during(1s);
  EXPECT_LT(rate, 100'000 * 8 * 10 * 1.05);
  EXPECT_GT(rate, 100'000 * 8 * 10 * 0.8);
}

TEST(LongPath, ASmallFlowKeepsASmallBuffer) {
  LongPathConfig config{.round_trip = 100ms, .bits_per_second = 2'000'000};
  config.sender.send_buffer = 50'000;
  LongPath path(config);
  path.run(10s);
  EXPECT_GT(path.rate_during(1s), 1.8 * kMegabit);
  EXPECT_LT(path.receiver_info().rcv_wnd, 600'000u);
}

}  // namespace
}  // namespace leat
