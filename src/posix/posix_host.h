// PosixHost: the host behind the POSIX-like API: a worker with a Stack and Sockets, and calls from any thread.
//
// A call is a task of the worker. The calling thread sleeps until the task, or the event that it waits for, is
// complete. Each call has its own semaphore, so that no other thread wakes up.
#pragma once

#include <semaphore.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "leat/host.h"
#include "runtime/worker.h"
#include "socket/sockets.h"

namespace leat {

class PosixHost {
 public:
  /// `config` is a result of parse_host_words(). The loopback interface is added.
  static expected<std::unique_ptr<PosixHost>, HostError> open(const HostConfig& config);
  PosixHost(const PosixHost&) = delete;
  PosixHost& operator=(const PosixHost&) = delete;
  /// No other thread may be in call().
  ~PosixHost();
  /// Ends the waiting calls. Later calls fail with ENETDOWN.
  void stop() { worker_->stop(); }

  /// Runs `f(Sockets&, PendingCall&, Instant)` -> Result on the worker. Returns its result, or that of the pending call
  /// that it started. `message` is that of a receive.
  template <class F>
  Result call(F f, MessageFacts* message = nullptr) {
    Call call;
    const bool posted = worker_->post([this, &call, &f](Stack& stack, Instant now) {
      start(stack);
      const Result result = f(*sockets_, call.pending, now);
      if (!result.is_pending()) call.finish(result);
      hand_out_completions();
    });
    const Result result = posted ? wait(call) : Result::failure(kGone);
    if (message != nullptr) *message = call.pending.message();
    return result;
  }

 private:
  static constexpr int kGone = ENETDOWN;

  class Semaphore {
   public:
    Semaphore() { ::sem_init(&semaphore_, 0, 0); }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;
    ~Semaphore() { ::sem_destroy(&semaphore_); }
    void post() { ::sem_post(&semaphore_); }
    /// Waits. Returns false if a signal handler has run.
    bool wait() { return ::sem_wait(&semaphore_) == 0; }

   private:
    sem_t semaphore_;
  };
  struct Call {
    Call() { pending.owner = this; }
    void finish(Result r) {
      result = r;
      done.post();
    }
    PendingCall pending;
    Result result;
    Semaphore done;
  };

  PosixHost() = default;
  Result wait(Call& call);
  void start(Stack& stack);
  void hand_out_completions();

  SocketsConfig config_;
  std::unique_ptr<Sockets> sockets_;  ///< belongs to the worker's thread
  std::unique_ptr<Worker> worker_;
};

}  // namespace leat
