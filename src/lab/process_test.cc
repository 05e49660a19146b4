#include "lab/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "lab/testing/support.h"

namespace leat::lab {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(ProcessTest, CapturesWhatAProgramSays) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  SpawnOptions options;
  options.environment = {"LEAT_TEST_WORD=mill"};
  options.input_text = "race\n";
  options.directory = "/";
  auto process =
      lab.spawn(kFar, {"sh", "-c", "read word; echo \"$LEAT_TEST_WORD$word\"; pwd; echo oops >&2; exit 3"}, options);
  ASSERT_TRUE(process) << process.error().message;
  const ExitStatus status = process->wait();
  EXPECT_EQ(status.code, 3);
  EXPECT_EQ(status.shell_code(), 3);
  EXPECT_EQ(process->output(), "millrace\n/\n");
  EXPECT_EQ(process->errors(), "oops\n");
}

TEST(ProcessTest, KeepsTheStartersDirectory) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  char here[4096];
  ASSERT_NE(::getcwd(here, sizeof here), nullptr);
  const auto output = lab.run_tool(kNear, {"pwd", "-P"});
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(*output, std::string(here) + "\n");
}

TEST(ProcessTest, ReportsAToolsComplaint) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  const auto failed = lab.run_tool(kNear, {"ip", "link", "set", "nothing0", "up"});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("ip link set nothing0 up"));
  EXPECT_THAT(failed.error().message, HasSubstr("nothing0"));
}

TEST(ProcessTest, NamesThePackageOfAMissingTool) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  const auto missing = lab.spawn(kNear, {"leat-test-no-such-program"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, LabError::Kind::unavailable);
  EXPECT_THAT(missing.error().message, HasSubstr("leat-test-no-such-program"));
}

TEST(ProcessTest, WaitsNoLongerThanTold) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  auto process = lab.spawn(kNear, {"sleep", "1000"});
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_FALSE(process->wait_for(10ms));
  process->signal(SIGTERM);
  const auto status = process->wait_for(20s);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->signal, SIGTERM);
  EXPECT_EQ(status->shell_code(), 128 + SIGTERM);
}

TEST(ProcessTest, KillsItsWholeGroup) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  auto process = lab.spawn(kNear, {"sh", "-c", "sleep 1000 & sleep 1000 & echo ready >&2; wait"});
  ASSERT_TRUE(process) << process.error().message;
  ASSERT_TRUE(process->wait_for_errors("ready", 20s));
  const pid_t group = process->pid();
  EXPECT_EQ(process->kill().signal, SIGKILL);
  // The first process inside reaps the other members of the group at some later time.
  auto others = lab.run_inside(kNear, [] { return 0; });
  ASSERT_TRUE(others && others->wait().success());
  for (int tries = 0; tries < 10'000 && ::kill(-group, 0) == 0; ++tries) ::usleep(1000);
  EXPECT_EQ(::kill(-group, 0), -1);
}

TEST(ProcessTest, NoticesThatAProgramEndedWithoutTheWord) {
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  auto process = lab.spawn(kNear, {"sh", "-c", "echo something else >&2"});
  ASSERT_TRUE(process) << process.error().message;
  EXPECT_FALSE(process->wait_for_errors("ready", 20s));
}

}  // namespace
}  // namespace leat::lab
