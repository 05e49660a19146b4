// A policer drops what comes faster than its rate, in long runs: retransmissions, too. The trap: RACK that slows down
// behind one, because it waits for reordering that is none, or takes the loss of a retransmission for a dead path.
#include <gtest/gtest.h>

#include <algorithm>

#include "stack/testing/link.h"

namespace leat::testing {
namespace {

/// A token bucket in virtual time.
class Policer {
 public:
  static constexpr double kBytesPerSecond = 12.5e6, kDepth = 64000;

  bool passes(std::size_t bytes, Instant now) {
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min(kDepth, tokens_ + seconds * kBytesPerSecond);
    filled_at_ = now;
    if (tokens_ < static_cast<double>(bytes)) return false;
    tokens_ -= static_cast<double>(bytes);
    return true;
  }

 private:
  double tokens_ = kDepth;
  Instant filled_at_{};
};

class BehindAPolicer : public ::testing::TestWithParam<const char*> {};

TEST_P(BehindAPolicer, RackIsNotSlower) {
  constexpr std::size_t kBytes = 10'000'000;
  TcpSettings options;
  options.congestion_control = GetParam();
  Link link(options);
  Policer policer;
  std::size_t dropped = 0;
  const Link::Pair pair = link.connect();
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    const bool passes = to == 0 || policer.passes(frame.size(), link.now());
    if (!passes) ++dropped;
    return passes;
  });
  const std::vector<std::uint8_t> block(64 * 1024);
  std::vector<std::uint8_t> taken(256 * 1024);
  const Instant start = link.now();
  std::size_t written = 0, read = 0;
  while (read < kBytes && link.now() - start < 10s) {
    while (written < kBytes) {
      const auto n =
          link.near().write(pair.near, Bytes(block).first(std::min(block.size(), kBytes - written)), link.now());
      if (!n) break;
      written += *n;
    }
    link.run(1ms);
    while (const auto n = link.far().read(pair.far, taken, link.now())) read += *n;
  }
  const double seconds = std::chrono::duration<double>(link.now() - start).count();
  EXPECT_GT(dropped, 20u);
  EXPECT_EQ(read, kBytes);
  EXPECT_LT(seconds, 1.25 * kBytes / Policer::kBytesPerSecond);
  EXPECT_LE(link.near().info(pair.near)->rto_count, 1u);
}

INSTANTIATE_TEST_SUITE_P(Controllers, BehindAPolicer, ::testing::Values("cubic", "reno"),
                         [](const auto& with) { return std::string(with.param); });

}  // namespace
}  // namespace leat::testing
