// SIGINT, SIGTERM and SIGHUP as calls on a thread of their own, where locks may be taken.
//
// Make it before any other thread, so that all inherit the blocked signals. A signal that was ignored when the
// process began (nohup) stays ignored.
#pragma once

#include <csignal>
#include <functional>
#include <thread>

namespace leat::command {

class SignalWatch {
 public:
  /// Called with the signal's number at the first signal: true when the process ends by itself soon. Otherwise, at
  /// a second signal, and when it takes longer than two seconds, the process exits with 128 + the number.
  using Handler = std::function<bool(int signal)>;

  explicit SignalWatch(Handler handler);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void watch();

  Handler handler_;
  sigset_t signals_{};  ///< watched
  sigset_t before_{};   ///< blocked before
  std::thread thread_;
};

}  // namespace leat::command
