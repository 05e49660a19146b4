#include "cli/units.h"

#include <gtest/gtest.h>

namespace leat::command {
namespace {

using namespace std::chrono_literals;

TEST(Units, Numbers) {
  EXPECT_EQ(parse_number("0", 0, 255).value_or(9), 0u);
  EXPECT_EQ(parse_number("0x2E", 0, 255).value_or(0), 46u);
  for (const char* bad : {"", "256", "-1", "1.5", "0x", "x", "1 ", " 1", "99999999999999999999999", "0x100"}) {
    EXPECT_FALSE(parse_number(bad, 0, 255)) << bad;
  }
  EXPECT_EQ(parse_number("87", 88, 65495).error(), "\"87\" is not a number from 88 to 65495");
}

TEST(Units, Times) {
  EXPECT_EQ(parse_duration("1.5", 1h).value_or({}), Duration(1500ms));
  EXPECT_EQ(parse_duration("2s", 1h).value_or({}), Duration(2s));
  EXPECT_EQ(parse_duration("500ms", 1h).value_or({}), Duration(500ms));
  EXPECT_EQ(parse_duration("20us", 1h).value_or({}), Duration(20us));
  EXPECT_EQ(parse_duration("2m", 1h).value_or({}), Duration(2min));
  EXPECT_EQ(parse_duration("1h", 1h).value_or({}), Duration(1h));
  for (const char* bad : {"", "0", "-1", "s", "1x", "1 s", "inf", "nan", "1e9", "2h", "1e400", "0x10"}) {
    EXPECT_FALSE(parse_duration(bad, 1h)) << bad;
  }
}

TEST(Units, Sizes) {
  EXPECT_EQ(parse_size("4096", 2048, 1 << 30).value_or(0), 4096u);
  EXPECT_EQ(parse_size("64k", 2048, 1 << 30).value_or(0), 65536u);
  EXPECT_EQ(parse_size("1M", 2048, 1 << 30).value_or(0), 1u << 20);
  EXPECT_EQ(parse_size("1G", 2048, 1 << 30).value_or(0), 1u << 30);
  for (const char* bad : {"", "1k", "2G", "k", "1kb", "-64k", "1.5M", "18446744073709551615G", "64 k"}) {
    EXPECT_FALSE(parse_size(bad, 2048, 1 << 30)) << bad;
  }
  EXPECT_EQ(parse_size("1", 2048, 1 << 30).error(), "\"1\" is not a size from 2k to 1G bytes, such as 4096, 64k or 1M");
}

}  // namespace
}  // namespace leat::command
