// A lab leaves nothing behind, in whatever way its creator ends.
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "lab/testing/support.h"

namespace leat::lab {
namespace {

using testing::interface_names;
using testing::processes_in;

ino_t inode_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

std::string network_name(ino_t inode) { return "net:[" + std::to_string(inode) + "]"; }

/// The facts about a lab that its creator sends to the test.
struct Traces {
  pid_t first = -1;
  ino_t networks[3] = {};
};

Traces traces_of(const Lab& lab) {
  Traces traces;
  traces.first = lab.namespaces().first_process();
  for (unsigned i = 0; i < 3; ++i) traces.networks[i] = inode_of(lab.namespaces().network_descriptor(i));
  return traces;
}

/// Programs that are hard to end: one ignores signals, one has left its session, one is an orphan.
std::vector<Process> start_stubborn_programs(const Lab& lab) {
  std::vector<Process> running;
  for (const char* script :
       {"trap '' HUP INT TERM; echo ready >&2; while :; do sleep 1000; done",
        "setsid sh -c 'echo ready >&2; exec sleep 1000'", "(sleep 1000 & echo ready >&2) & wait; sleep 1000"}) {
    auto process = lab.spawn(kFar, {"sh", "-c", script});
    if (!process || !process->wait_for_errors("ready", std::chrono::seconds(20))) {
      ADD_FAILURE() << script << ": " << (process ? process->errors() : process.error().message);
      return {};
    }
    running.push_back(std::move(*process));
  }
  return running;
}

void expect_gone(const Traces& traces) {
  EXPECT_EQ(::kill(traces.first, 0), -1);
  for (const ino_t network : traces.networks) EXPECT_EQ(processes_in(network_name(network)), 0u);
}

TEST(LabCleanupTest, NothingRemainsOfADestroyedLab) {
  const std::set<std::string> before = interface_names();
  Traces traces;
  {
    LEAT_LAB_OR_SKIP(lab, LabConfig{});
    EXPECT_EQ(interface_names(), before);
    traces = traces_of(lab);
    const std::vector<Process> running = start_stubborn_programs(lab);
    ASSERT_EQ(running.size(), 3u);
    EXPECT_GE(processes_in(network_name(traces.networks[kFar.network])), 3u);
  }
  expect_gone(traces);
  EXPECT_EQ(interface_names(), before);
}

/// Starts a child that makes a lab and sends its facts; `signal` then ends the child.
void kill_creator_by(int signal) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  std::fflush(nullptr);
  const pid_t creator = ::fork();
  ASSERT_GE(creator, 0);
  if (creator == 0) {
    ::signal(signal, SIG_DFL);
    auto lab = Lab::create({});
    if (!lab) std::fprintf(stderr, "%s\n", lab.error().message.c_str());
    const std::vector<Process> running = lab ? start_stubborn_programs(*lab) : std::vector<Process>();
    const Traces traces = running.size() == 3 ? traces_of(*lab) : Traces();
    (void)!::write(told[1], &traces, sizeof traces);
    for (;;) ::pause();
  }
  Traces traces;
  ASSERT_EQ(::read(told[0], &traces, sizeof traces), static_cast<ssize_t>(sizeof traces));
  // This process inherits the creator's children. It must wait for them before the first process of the lab can end.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  ::kill(creator, signal);
  ::close(told[0]);
  ::close(told[1]);
  ASSERT_GT(traces.first, 0) << "the lab could not be made";
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  expect_gone(traces);
}

class LabCreatorTest : public ::testing::TestWithParam<int> {};

TEST_P(LabCreatorTest, NothingRemainsWhenItsCreatorIsKilled) {
  LEAT_SKIP_WITHOUT_LAB();
  kill_creator_by(GetParam());
}

TEST_P(LabCreatorTest, NothingRemainsWhenAnOrdinaryCreatorIsKilled) {
  testing::as_ordinary_user([] {
    LEAT_SKIP_WITHOUT_LAB();
    kill_creator_by(GetParam());
  });
}

INSTANTIATE_TEST_SUITE_P(Signals, LabCreatorTest, ::testing::Values(SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGABRT),
                         [](const auto& signal) { return "Signal" + std::to_string(signal.param); });

}  // namespace
}  // namespace leat::lab
