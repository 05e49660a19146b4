// Plays the same cases by leat/posix.h on Leat's loopback interface, and by the kernel's calls on the loopback of a
// namespace. The results must be equal.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <set>

#include "api/difference.h"
#include "api/player.h"
#include "device/testing/in_namespace.h"
#include "leat/posix.h"

namespace leat::testing {
namespace {

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  add_descriptor_cases(cases);
  add_connection_cases(cases);
  add_data_cases(cases);
  add_message_cases(cases);
  add_option_cases(cases);
  add_readiness_cases(cases);
  return cases;
}

std::string play(const Calls& calls, const Case& c) {
  Player player(calls);
  c.play(player);
  return player.log();
}

void compare_all() {
  shell("ip link set lo up");
  ::signal(SIGPIPE, SIG_IGN);
  ASSERT_EQ(leat_host_open("loopback congestion reno"), 0) << leat_host_trouble();
  std::set<std::string_view> explained;
  for (const CallDifference& d : known_call_differences()) explained.insert(d.cases.begin(), d.cases.end());
  for (const Case& c : all_cases()) {
    const std::string kernel = play(kKernelCalls, c);
    const std::string leat = play(kLeatCalls, c);
    if (explained.erase(c.name) > 0) {
      EXPECT_NE(leat, kernel) << c.name << ": no difference any more: take it out of the documents";
    } else {
      EXPECT_EQ(leat, kernel) << c.name;
    }
    EXPECT_EQ(kernel.find("never"), std::string::npos) << c.name << ": waits for what does not come: " << kernel;
  }
  for (const std::string_view name : explained) ADD_FAILURE() << name << " is no case";
  EXPECT_EQ(leat_host_close(), 0);
}

TEST(SocketConformance, LeatAnswersAsTheKernel) {
  if (const auto reason = in_namespace(compare_all)) GTEST_SKIP() << *reason;
}

TEST(SocketConformance, ThereAreManyCasesWithNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Case& c : all_cases()) EXPECT_TRUE(names.insert(c.name).second) << c.name << " twice";
  EXPECT_GE(names.size(), 200u);
}

TEST(SocketConformance, EveryDifferenceIsDocumentedAndThereAreFew) {
  std::ifstream in(LEAT_SOURCE_DIR "/docs/kernel-differences.md");
  std::vector<std::string> documented, known;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("#### ", 0) == 0) documented.push_back(line.substr(5));
  }
  for (const CallDifference& d : known_call_differences()) known.emplace_back(d.title);
  EXPECT_EQ(documented, known);
  EXPECT_LE(known.size(), 10u);
}

}  // namespace
}  // namespace leat::testing
