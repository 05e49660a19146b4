// The command `leat lab`: the environment of COMMAND, and the exit status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "lab/testing/support.h"
#include "site.h"

namespace leat::interop {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Ran {
  int status = -1;
  std::string output, errors;
};

/// Runs `leat lab ARGUMENTS` through a shell.
Ran leat_lab(const std::string& arguments) {
  const Folder folder;
  const std::string out = folder / "out", err = folder / "err";
  const int status = std::system(("'" LEAT_BINARY "' lab " + arguments + " </dev/null >" + out + " 2>" + err).c_str());
  const auto content = [](const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(out), content(err)};
}

TEST(LabCommandTest, EndsAsItsCommandDoes) {
  LEAT_SKIP_WITHOUT_LAB();
  EXPECT_EQ(leat_lab("--no-server -- true").status, 0);
  EXPECT_EQ(leat_lab("--no-server -- sh -c 'exit 7'").status, 7);
  EXPECT_EQ(leat_lab("--no-server -- sh -c 'kill -KILL $$'").status, 128 + 9);
  const Ran missing = leat_lab("--no-server -- leat-test-no-such-program");
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.errors, HasSubstr("leat-test-no-such-program"));
}

TEST(LabCommandTest, TellsItsCommandHowToReachTheNetwork) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx");
  LEAT_SKIP_WITHOUT_LAB();
  const Ran ran = leat_lab(
      "-q --link packet -- sh -c 'echo $LEAT_LAB_OPTIONS; echo $LEAT_LINK $LEAT_ADDRESS "
      "$LEAT_GATEWAY $LEAT_LAB_URL $LEAT_LAB_FAR'");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output,
            "--link packet:near0 --address 10.77.1.2/24 --gateway 10.77.1.1\n"
            "packet:near0 10.77.1.2/24 10.77.1.1 http://10.77.2.2 10.77.2.2\n");
  EXPECT_THAT(ran.errors, IsEmpty());
}

TEST(LabCommandTest, ReportsTheLoss) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "curl");
  LEAT_SKIP_WITHOUT_LAB();
  const Ran ran = leat_lab("--loss-back 100 -- curl -sS -m 1 http://10.77.2.2/");
  EXPECT_EQ(ran.status, 28);  // the time-out of curl
  EXPECT_THAT(ran.errors, AllOf(HasSubstr("0 lost (0.0 %); far to near"), HasSubstr("lost (100.0 %)")));
}

TEST(LabCommandTest, WithoutACommandItIsAShell) {
  LEAT_SKIP_WITHOUT_LAB();
  const Ran ran = leat_lab("--no-server --clients 1");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.errors, AllOf(HasSubstr("10.77.2.2"), HasSubstr("10.77.2.10"), HasSubstr("leat get")));
}

TEST(LabCommandTest, RefusesBadValuesWithAReason) {
  for (const auto& [arguments, reason] : {std::pair{"--loss 101", "a number from 0 to 100"},
                                          {"--loss x", "a number from 0 to 100"},
                                          {"--loss nan", "a number from 0 to 100"},
                                          {"--clients 1000", "from 0 to 200"},
                                          {"--link ether", "auto, packet, xdp, tap, tun"},
                                          {"--offloads maybe", "auto, on, off"}}) {
    const Ran ran = leat_lab(std::string(arguments) + " -- true");
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_THAT(ran.errors, HasSubstr(reason));
  }
  const Ran ran = leat_lab("--serve /nowhere/at/all -- true");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.errors, HasSubstr("/nowhere/at/all"));
}

}  // namespace
}  // namespace leat::interop
