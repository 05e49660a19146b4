#include "tcp/recv/receive_tuning.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kTuningMss = 1000;

/// A peer that sends so many bytes a round trip, and a reader that leaves `unread` of them.
class Flow {
 public:
  explicit Flow(bool timestamps) : timestamps_(timestamps), tuning_(arrival()) {}

  std::optional<std::uint64_t> round(std::uint64_t bytes, std::uint64_t unread = 0) {
    nxt_ += static_cast<StreamPos>(bytes);
    read_ = nxt_ - static_cast<StreamPos>(unread);
    now_ += 100ms;
    return tuning_.on_data(arrival());
  }
  /// What comes within a round trip.
  std::optional<std::uint64_t> at_once() { return tuning_.on_data(arrival()); }
  Duration round_trip() const { return tuning_.round_trip(); }

 private:
  ReceiveTuning::Arrival arrival() {
    ReceiveTuning::Arrival a{.nxt = nxt_, .read = read_, .window = 64000, .mss = kTuningMss, .now = now_};
    if (timestamps_) a.echo = {++clock_, 100ms};
    return a;
  }

  bool timestamps_;
  std::uint32_t clock_ = 0;
  StreamPos nxt_ = 1, read_ = 1;
  Instant now_{std::chrono::hours(1)};
  ReceiveTuning tuning_;
};

TEST(ReceiveTuning, AsksForTwiceWhatARoundTripBringsAndMoreWhileItGrows) {
  Flow flow(true);
  EXPECT_EQ(flow.round(10'000), std::nullopt) << "the first flight is expected";
  EXPECT_EQ(flow.round(20'000), 56'000u + 2 * 56'000u) << "doubled: the next round trip may be double again";
  EXPECT_EQ(flow.at_once(), std::nullopt) << "once a round trip";
  EXPECT_EQ(flow.round(22'000), 60'000u + 2 * 6'000u);
  EXPECT_EQ(flow.round(22'000), std::nullopt);
}

TEST(ReceiveTuning, MoreInARoundTripThanAnyBufferHasAsksForALot) {
  // A peer that echoes old timestamps makes the round trip as long as it likes.
  for (const std::uint64_t bytes : {std::uint64_t{3} << 30, std::uint64_t{1} << 34, std::uint64_t{1} << 45}) {
    Flow flow(true);
    EXPECT_GT(flow.round(bytes).value_or(0), std::uint64_t{1} << 31) << bytes;
    EXPECT_EQ(flow.round(2 * bytes), std::nullopt) << bytes;
  }
}

TEST(ReceiveTuning, ASlowReaderGetsNoMore) {
  Flow flow(true);
  EXPECT_EQ(flow.round(30'000, 25'000), std::nullopt);
}

TEST(ReceiveTuning, WithoutTimestampsAWindowOfDataTellsTheRoundTrip) {
  Flow flow(false);
  EXPECT_EQ(flow.round(32'000), std::nullopt);
  EXPECT_EQ(flow.round_trip(), Duration::zero());
  EXPECT_NE(flow.round(32'000), std::nullopt);
  EXPECT_EQ(flow.round_trip(), 200ms);
  flow.round(64'000);
  EXPECT_EQ(flow.round_trip(), 100ms) << "the shortest";
}

}  // namespace
}  // namespace leat
