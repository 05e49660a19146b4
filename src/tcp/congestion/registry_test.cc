#include "tcp/congestion/registry.h"

#include <set>

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(ControllerRegistry, MakesEveryNameItLists) {
  std::set<std::string_view> seen;
  for (std::string_view name : controller_names()) {
    EXPECT_TRUE(seen.insert(name).second) << name << " is listed twice";
    EXPECT_TRUE(is_controller(name));
    const auto controller = make_controller(name, {.mss = 1000});
    ASSERT_NE(controller, nullptr) << name;
    EXPECT_EQ(controller->name(), name);
    EXPECT_EQ(controller->cwnd(), name == "aimd" ? 1000u : 10'000u) << name;
    EXPECT_EQ(controller->ssthresh(), CongestionController::kNoThreshold) << name;
  }
  EXPECT_EQ(controller_names().front(), "cubic");
}

TEST(ControllerRegistry, KnowsNoOtherName) {
  for (std::string_view name : {"", "Reno", "reno ", "ren", "vegas"}) {
    EXPECT_FALSE(is_controller(name)) << name;
    EXPECT_EQ(make_controller(name, {}), nullptr) << name;
  }
}

// No controller may ever close the window or overflow, whatever it is told.
TEST(ControllerRegistry, NoControllerClosesTheWindowOrPassesTheClamp) {
  for (std::string_view name : controller_names()) {
    const auto c = make_controller(name, {.mss = 1460, .cwnd_clamp = 1'000'000});
    Instant now{};
    for (std::uint32_t i = 0; i < 20'000; ++i) {
      now += std::chrono::milliseconds(1);
      const std::uint32_t odd = i * 2654435761u;
      switch (odd >> 29) {
        case 0: c->on_loss_detected(odd, now); break;
        case 1: c->on_timeout({odd % 7 == 0 ? 0 : odd, odd / 3, odd % 2 == 0, odd, now}); break;
        case 2: c->on_recovery_exit(now); break;
        case 3:
          c->on_flight_begins({.since_sent = std::chrono::milliseconds(odd & 4095), .rto = std::chrono::seconds(1)});
          break;
        case 4: c->on_duplicate_ack(now); break;
        default:
          c->on_ack({.acked_bytes = odd,
                     .in_flight = odd >> 3,
                     .rtt = std::chrono::microseconds(odd >> 8),
                     .srtt = std::chrono::microseconds(odd >> 9),
                     .una = i,
                     .nxt = i + (odd & 255),
                     .now = now,
                     .in_recovery = (odd & 128) != 0,
                     .app_limited = (odd & 64) != 0});
      }
      ASSERT_GE(c->cwnd(), 1460u) << name;
      ASSERT_LE(c->cwnd(), 1'000'000u) << name;
      ASSERT_GE(c->ssthresh(), 2 * 1460u) << name;
    }
  }
}

}  // namespace
}  // namespace leat
