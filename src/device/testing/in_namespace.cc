#include "device/testing/in_namespace.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace leat::testing {
namespace {

constexpr unsigned kChildSeconds = 100;  // a hanging child must not hang the test run
constexpr int kChildSkipped = 77;

std::string& skip_reason() {
  static std::string reason;
  return reason;
}

bool write_file(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return done;
}

/// An empty text when it worked.
std::string enter() {
  const bool root = ::geteuid() == 0;
  const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNET | (root ? 0 : CLONE_NEWUSER)) != 0) {
    return std::string("no namespace for the test: ") + std::strerror(errno) +
           "; run it as root or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)";
  }
  if (root) return {};
  write_file("/proc/self/setgroups", "deny");
  if (!write_file("/proc/self/uid_map", "0 " + uid + " 1") || !write_file("/proc/self/gid_map", "0 " + gid + " 1")) {
    return "cannot become root in a user namespace; run the test as root";
  }
  return {};
}

[[noreturn]] void run_child(const std::function<void()>& body, int report) {
  ::alarm(kChildSeconds);
  skip_reason() = enter();
  if (skip_reason().empty()) body();
  const bool failed = ::testing::Test::HasFailure();
  if (!failed && !skip_reason().empty()) {
    (void)!::write(report, skip_reason().data(), skip_reason().size());
    ::_exit(kChildSkipped);
  }
  std::fflush(nullptr);
  ::_exit(failed ? 1 : 0);
}

}  // namespace

std::optional<std::string> in_namespace(const std::function<void()>& body) {
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) return "no pipe";
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) run_child(body, report[1]);
  ::close(report[1]);
  std::string reason(1024, '\0');
  const ssize_t n = ::read(report[0], reason.data(), reason.size());
  reason.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  ::close(report[0]);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) {
    ADD_FAILURE() << "the child of the test is lost";
    return std::nullopt;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == kChildSkipped) return reason;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << "the test's child ended with " << (WIFSIGNALED(status) ? "signal " : "status ")
      << (WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  return std::nullopt;
}

void skip_here(const std::string& reason) { skip_reason() = reason; }
bool is_skipped() { return !skip_reason().empty(); }

void shell(const std::string& command) {
  std::fflush(nullptr);
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

bool shell_succeeds(const std::string& command) {
  return std::system(("{ " + command + " ; } >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace leat::testing
