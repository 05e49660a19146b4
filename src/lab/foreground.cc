#include "lab/foreground.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>

namespace leat::lab {
namespace {

constexpr std::chrono::seconds kGrace{5};

/// Blocks signals while it exists, so that a descriptor can report them.
class BlockedSignals {
 public:
  BlockedSignals() {
    ::sigemptyset(&set_);
    // SIGTTOU stops a background process that takes the terminal back.
    for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTTOU}) ::sigaddset(&set_, number);
    ::sigprocmask(SIG_BLOCK, &set_, &before_);
    ::sigdelset(&set_, SIGTTOU);
  }
  ~BlockedSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  const sigset_t& reported() const { return set_; }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace

ExitStatus wait_in_foreground(Process& process) {
  const BlockedSignals blocked;
  const UniqueFd signals(::signalfd(-1, &blocked.reported(), SFD_CLOEXEC | SFD_NONBLOCK));
  const pid_t terminal_group = ::tcgetpgrp(STDIN_FILENO);
  int patience = -1;  // milliseconds
  for (;;) {
    std::array<pollfd, 2> waiting{{{process.descriptor(), POLLIN, 0}, {signals.get(), POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), patience);
    if (ready == 0) {
      process.kill();
      break;
    }
    if (waiting[0].revents != 0) break;
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    const int number = static_cast<int>(info.ssi_signo);
    if (info.ssi_code != SI_KERNEL) process.signal(number);
    if (number == SIGTERM || number == SIGHUP) {
      patience = static_cast<int>(std::chrono::milliseconds(kGrace).count());
    }
  }
  // A shell with job control gave the terminal to its own group, and cannot give it back to this one.
  if (terminal_group == ::getpgrp()) ::tcsetpgrp(STDIN_FILENO, terminal_group);
  return process.wait();
}

}  // namespace leat::lab
