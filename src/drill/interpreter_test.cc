#include "drill/interpreter.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace leat::drill {
namespace {

class DrillInterpreter : public ::testing::Test {
 protected:
  void SetUp() override {
    static const bool kHasPython = std::system("python3 -c '' >/dev/null 2>&1") == 0;
    if (!kHasPython) GTEST_SKIP() << "no python3; apt-get install python3";
  }
  static void TearDownTestSuite() { python.stop(); }
  void expect_good(const std::string& program) {
    const auto trouble = python.run(program);
    EXPECT_FALSE(trouble) << program << ": " << *trouble;
  }
  void expect_bad(const std::string& program, const std::string& why) {
    const auto trouble = python.run(program);
    ASSERT_TRUE(trouble) << program;
    EXPECT_NE(trouble->find(why), std::string::npos) << *trouble;
  }

  static inline Interpreter python{"python3", std::chrono::seconds(1)};  // starting it takes long
};

TEST_F(DrillInterpreter, SaysWhatWentWrong) {
  expect_good("assert 1 + 1 == 2\n");
  expect_bad("x = 5\nassert x == 4, x\n", "AssertionError: 5");
  expect_bad("nothing()\n", "NameError: name 'nothing' is not defined");
  expect_bad("if\n", "SyntaxError");
}

TEST_F(DrillInterpreter, StartsEachProgramAfresh) {
  expect_good("import sys\nx = 1\nimport builtins\nbuiltins.len = None\n");
  expect_good("assert 'x' not in globals() and len('ab') == 2\n");
}

TEST_F(DrillInterpreter, OutlivesWhatProgramsDo) {
  expect_good("print('hello')\nimport sys\nsys.stderr.write('hello')\ninput = sys.stdin.read()\nassert input == ''\n");
  expect_good("exit()\n");
  expect_bad("exit(3)\n", "it ended without a word");
  expect_bad("exit('no')\n", "no");
  expect_bad("import os\nos._exit(0)\n", "it ended without a word");
  expect_bad("import os\nos.kill(os.getpid(), 11)\n", "it ended without a word");
  expect_bad("import os\nos.kill(os.getppid(), 9)\nassert False, 'dead'\n", "AssertionError: dead");
  expect_good("import subprocess\nassert subprocess.run(['true']).returncode == 0\n");
}

TEST_F(DrillInterpreter, LimitsTheTime) {
  expect_bad("while True: pass\n", "it took longer than 1 s");
  expect_good("pass\n");
}

TEST_F(DrillInterpreter, ServesProcessesThatAreForked) {
  python.start();
  const pid_t child = ::fork();
  if (child == 0) {
    const bool good = !python.run("import os\nos.kill(os.getppid(), 9)\n") && !python.run("pass\n");
    ::_exit(good ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "one that has lost the common one starts its own";
  expect_good("pass\n");
}

TEST(DrillInterpreterAbsent, IsNamed) {
  EXPECT_EQ(Interpreter("/no/such/python").run("pass\n"), "cannot run /no/such/python: it ended with 127");
}

}  // namespace
}  // namespace leat::drill
