#include "cli/signal_watch.h"

#include <unistd.h>

#include <ctime>
#include <utility>

namespace leat::command {
namespace {

constexpr int kQuit = SIGUSR2;  ///< tells the thread to end
constexpr std::time_t kSecondSignalGrace = 2;

}  // namespace

SignalWatch::SignalWatch(Handler handler) : handler_(std::move(handler)) {
  ::sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    if (now.sa_handler != SIG_IGN) ::sigaddset(&signals_, signal);
  }
  ::sigaddset(&signals_, kQuit);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
  ::pthread_kill(thread_.native_handle(), kQuit);
  thread_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void SignalWatch::watch() {
  int signal = 0;
  if (::sigwait(&signals_, &signal) != 0 || signal == kQuit) return;
  if (handler_(signal)) {
    const timespec grace{kSecondSignalGrace, 0};
    if (::sigtimedwait(&signals_, nullptr, &grace) == kQuit) return;
  }
  ::_exit(128 + signal);
}

}  // namespace leat::command
