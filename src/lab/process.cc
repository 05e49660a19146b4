#include "lab/process.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace leat::lab {
namespace {

using Clock = std::chrono::steady_clock;

/// All text that was written to a capture. The position of the writers does not change.
std::string content_of(int fd) {
  std::string text;
  if (fd < 0) return text;
  char block[16384];
  for (;;) {
    const ssize_t n = ::pread(fd, block, sizeof block, static_cast<off_t>(text.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(block, static_cast<std::size_t>(n));
  }
}

}  // namespace

std::string ExitStatus::to_string() const {
  if (signal == 0) return "exit status " + std::to_string(code);
  return "signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

Process::Process(pid_t pid, bool own_group, UniqueFd output, UniqueFd errors)
    : pid_(pid),
      own_group_(own_group),
      pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
      output_(std::move(output)),
      errors_(std::move(errors)) {}

Process::Process(Process&& other) noexcept { *this = std::move(other); }

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  if (pid_ > 0) kill();
  pid_ = std::exchange(other.pid_, -1);
  own_group_ = other.own_group_;
  pidfd_ = std::move(other.pidfd_);
  output_ = std::move(other.output_);
  errors_ = std::move(other.errors_);
  status_ = std::exchange(other.status_, std::nullopt);
  return *this;
}

Process::~Process() {
  if (pid_ > 0) kill();
}

bool Process::collect(int flags) {
  if (status_ || pid_ <= 0) return true;
  int raw = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &raw, flags);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  ExitStatus status;
  if (got < 0) {
    status.code = 127;  // other code has waited for it, or SIGCHLD is ignored: the exit status is lost
  } else if (WIFSIGNALED(raw)) {
    status.signal = WTERMSIG(raw);
  } else {
    status.code = WEXITSTATUS(raw);
  }
  status_ = status;
  return true;
}

ExitStatus Process::wait() {
  collect(0);
  return status_.value_or(ExitStatus{});
}

std::optional<ExitStatus> Process::wait_for(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    if (collect(WNOHANG)) return wait();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return std::nullopt;
    pollfd ended{pidfd_.get(), POLLIN, 0};
    ::poll(&ended, 1, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
  }
}

void Process::signal(int number) {
  if (pid_ > 0 && !collect(WNOHANG)) ::kill(pid_, number);
}

ExitStatus Process::kill() {
  if (pid_ <= 0) return {};
  // The number cannot belong to another process or group before wait() has returned it.
  if (!status_) ::kill(own_group_ ? -pid_ : pid_, SIGKILL);
  return wait();
}

std::string Process::output() const { return content_of(output_.get()); }

std::string Process::errors() const { return content_of(errors_.get()); }

bool Process::wait_for_errors(std::string_view text, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    const bool ended = wait_for(std::chrono::milliseconds(2)).has_value();
    if (errors().find(text) != std::string::npos) return true;
    if (ended || Clock::now() >= deadline) return false;
  }
}

}  // namespace leat::lab
