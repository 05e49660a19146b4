#include "cli/suggest.h"

#include <gtest/gtest.h>

namespace leat::command {
namespace {

const std::vector<std::string> kOptions{"--loss",     "--link",       "--mss", "--mtu",
                                        "--max-time", "--max-redirs", "-o",    "--output"};

TEST(Suggest, FindsTheSlip) {
  EXPECT_EQ(closest("--los", kOptions), "--loss");
  EXPECT_EQ(closest("--lniks", kOptions), std::nullopt);
  EXPECT_EQ(closest("--lnik", kOptions), "--link");
  EXPECT_EQ(closest("--max-tiem=5", kOptions), "--max-time");
  EXPECT_EQ(closest("-output", kOptions), "--output");
  EXPECT_EQ(closest("--out", kOptions), "--output");
}

TEST(Suggest, DoesNotGuessWildly) {
  EXPECT_EQ(closest("--proxy", kOptions), std::nullopt);
  EXPECT_EQ(closest("-x", kOptions), std::nullopt);
  EXPECT_EQ(closest("--", kOptions), std::nullopt);
  EXPECT_EQ(closest("", kOptions), std::nullopt);
  EXPECT_EQ(closest(std::string(1000, 'x'), kOptions), std::nullopt);
}

}  // namespace
}  // namespace leat::command
