#include "drill/suite.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

namespace leat::drill {
namespace {

namespace fs = std::filesystem;

/// Twenty scripts, the last digit of whose close() says what is to happen.
class DrillSuite : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("drill-suite-" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "sub");
    for (int i = 10; i < 30; ++i) {
      const fs::path file = (i < 20 ? folder_ : folder_ / "sub") / (std::to_string(i) + ".pkt");
      std::ofstream(file) << "0 close(" << i << ") = 0\n";
    }
    arguments_.paths = {folder_.string()};
    arguments_.jobs = 2;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string output_of(const PlayScript& play_script, int status) {
    ::testing::internal::CaptureStdout();
    EXPECT_EQ(run_suite(arguments_, play_script), status);
    return ::testing::internal::GetCapturedStdout();
  }
  static long number_of(const Script& script) {
    return static_cast<long>(std::get<CallEvent>(script.events[0].what).arguments[0].number);
  }

  fs::path folder_;
  Arguments arguments_;
};

TEST_F(DrillSuite, PlaysEachScriptBesideItsFile) {
  const auto play = [](const Script& script, const PlayOptions&) {
    const bool here = fs::exists(std::to_string(number_of(script)) + ".pkt");
    return Verdict{here ? Verdict::Kind::passed : Verdict::Kind::failed, "elsewhere\n", {}};
  };
  const std::string output = output_of(play, 0);
  EXPECT_NE(output.find("20 passed, 0 failed, 0 skipped\n"), std::string::npos) << output;
}

TEST_F(DrillSuite, GoesOnWhenAProcessEnds) {
  const auto play = [](const Script& script, const PlayOptions&) {
    if (number_of(script) == 15) std::raise(SIGKILL);
    if (number_of(script) == 16) ::_exit(3);
    if (number_of(script) == 29) ::_exit(0);
    if (number_of(script) == 11) return Verdict{Verdict::Kind::skipped, std::string("no\0tea", 6), {}};
    return Verdict{Verdict::Kind::passed, {}, number_of(script) == 12 ? "a warning\n" : ""};
  };
  const std::string output = output_of(play, 1);
  for (const char* text : {"15.pkt: the process ended by signal 9\n", "16.pkt: the process ended with status 3\n",
                           "29.pkt: the process ended with status 0\n", "11.pkt: no?tea\n", "a warning\n",
                           "16 passed, 3 failed, 1 skipped\n"}) {
    EXPECT_NE(output.find(text), std::string::npos) << output;
  }
}

// With a single descriptor left a script can be read, but there is no pipe for who would play it.
TEST_F(DrillSuite, ScriptsThatNoProcessCouldPlayHaveFailed) {
  arguments_.paths = {(folder_ / "10.pkt").string(), (folder_ / "11.pkt").string()};
  ::testing::internal::CaptureStdout();
  const int first_free = ::dup(0);
  ::close(first_free);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit one_left = before;
  one_left.rlim_cur = static_cast<rlim_t>(first_free) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &one_left), 0);
  const int status = run_suite(arguments_, [](const Script&, const PlayOptions&) { return Verdict{}; });
  ::setrlimit(RLIMIT_NOFILE, &before);
  const std::string output = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(status, 1);
  EXPECT_NE(output.find("10.pkt: no process for it: "), std::string::npos) << output;
  EXPECT_NE(output.find("0 passed, 2 failed, 0 skipped\n"), std::string::npos) << output;
}

TEST_F(DrillSuite, TellsSkippedFromPassed) {
  const auto skips = [](long from) {
    return [from](const Script& script, const PlayOptions&) {
      Verdict verdict;
      if (number_of(script) >= from) verdict = {Verdict::Kind::skipped, "it needs tea", {}};
      return verdict;
    };
  };
  EXPECT_NE(output_of(skips(29), 0).find("19 passed, 0 failed, 1 skipped\n"), std::string::npos);
  EXPECT_NE(output_of(skips(0), 77).find("0 passed, 0 failed, 20 skipped\n"), std::string::npos);
  arguments_.fail_on_skip = true;
  output_of(skips(29), 1);
}

TEST_F(DrillSuite, PrintsOneJsonDocument) {
  arguments_.json = true;
  const auto play = [](const Script& script, const PlayOptions&) {
    Verdict verdict;
    if (number_of(script) == 12) verdict = {Verdict::Kind::failed, "12.pkt:7: \"tea\"\n", {}, 7, {"no milk"}};
    return verdict;
  };
  const std::string output = output_of(play, 1);
  EXPECT_EQ(output.substr(0, 13), "{\"scripts\": [");
  EXPECT_NE(output.find(", \"line\": 7, \"message\": \"12.pkt:7: \\\"tea\\\"\\n\", \"notes\": [\"no milk\"]}"),
            std::string::npos)
      << output;
  EXPECT_NE(output.find("\n], \"passed\": 19, \"failed\": 1, \"skipped\": 0}\n"), std::string::npos) << output;
}

TEST_F(DrillSuite, RefusesPathsThatCannotBeRead) {
  arguments_.paths = {(folder_ / "no_such.pkt").string()};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(output_of({}, 2), "");
  const std::string error = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(error.find("no_such.pkt: No such file or directory"), std::string::npos) << error;
}

}  // namespace
}  // namespace leat::drill
