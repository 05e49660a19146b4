#include "http/progress.h"

#include <gtest/gtest.h>

#include "http/human.h"

namespace leat::http {
namespace {

using namespace std::chrono_literals;
constexpr Instant kStart{};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Human, SizesRatesTimes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1500), "1.5 kB");
  EXPECT_EQ(human_bytes(999'960), "1.0 MB");
  EXPECT_EQ(human_bytes(1e18), "1000.0 PB");
  EXPECT_EQ(human_rate(1'250'000), "10.0 Mbit/s");
  EXPECT_EQ(human_clock(7s), "0:07");
  EXPECT_EQ(human_clock(3723s), "1:02:03");
  EXPECT_EQ(human_clock(-1s), "--:--");
  EXPECT_EQ(human_clock(Duration::max()), "--:--");
  EXPECT_EQ(human_time(850us), "850 us");
  EXPECT_EQ(human_time(12300us), "12.3 ms");
  EXPECT_EQ(human_time(4560ms), "4.56 s");
}

TEST(Progress, TellsHowMuchHowFastHowLong) {
  Progress progress("file.bin", 120, kStart);
  const auto line = progress.update(2'500'000, 10'000'000, 0, kStart + 1s);
  ASSERT_TRUE(line);
  for (const char* part : {"file.bin", "25%", "2.5 MB of 10.0 MB", "20.0 Mbit/s", "ETA 0:03", "[=====>"}) {
    EXPECT_TRUE(has(*line, part)) << part << " in " << *line;
  }
}

TEST(Progress, IsDrawnAtMostTenTimesASecond) {
  Progress progress("f", 80, kStart);
  int drawn = 0;
  for (int ms = 0; ms < 1000; ++ms) drawn += progress.update(1, 2, 0, kStart + ms * 1ms).has_value();
  EXPECT_EQ(drawn, 10);
}

TEST(Progress, TheSpeedIsThatOfTheLastSeconds) {
  Progress progress("f", 120, kStart);
  progress.update(100'000'000, 200'000'000, 0, kStart + 1s);
  std::optional<std::string> line;
  for (int s = 2; s <= 20; ++s) {
    line = progress.update(100'000'000 + static_cast<unsigned>(s) * 125'000, 200'000'000, 0, kStart + s * 1s);
  }
  EXPECT_TRUE(has(*line, "1.0 Mbit/s")) << *line;
}

TEST(Progress, WhatWasThereBeforeIsNoSpeed) {
  Progress progress("f", 120, kStart);
  const auto line = progress.update(9'125'000, 10'000'000, 9'000'000, kStart + 1s);
  EXPECT_TRUE(has(*line, "1.0 Mbit/s")) << *line;
  EXPECT_TRUE(has(*line, " 91%")) << *line;
  EXPECT_TRUE(has(progress.finished(10'000'000, 9'000'000, kStart + 8s), "1.0 Mbit/s"));
}

TEST(Progress, AnUnknownTotalHasNoPercentage) {
  Progress progress("f", 80, kStart);
  const auto line = progress.update(5000, std::nullopt, 0, kStart + 1s);
  EXPECT_FALSE(has(*line, "%")) << *line;
  EXPECT_TRUE(has(*line, "--:--")) << *line;
}

TEST(Progress, FitsTheTerminalWhateverTheNumbers) {
  for (const unsigned columns : {0u, 1u, 10u, 40u, 80u}) {
    Progress progress(std::string(300, 'n'), columns, kStart);
    for (const std::uint64_t total : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const auto line = progress.update(~std::uint64_t{0}, total, 0, kStart + 1h * (1 + total % 7));
      EXPECT_LE(line.value_or("").size(), columns > 0 ? columns - 1 : 0);
    }
    EXPECT_LE(progress.finished(1, 0, kStart).size(), columns > 0 ? columns - 1 : 0);
  }
}

}  // namespace
}  // namespace leat::http
