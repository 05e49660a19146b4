// Engine: the state that a Host, its Connections and its Listeners share: the worker, the blocking calls that wait for
// sockets, the handlers and timers of the event loop, and the set of sockets.
//
// All functions but run(), perform(), post() and stop() run on the worker's thread, and thus need no lock. The engine
// lives as long as a handle refers to it. After stop() all calls fail with `aborted`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "api/operation.h"
#include "leat/event_loop.h"
#include "runtime/worker.h"

namespace leat {

class Engine {
 public:
  static expected<std::shared_ptr<Engine>, Error> start(const WorkerConfig& config, WorkerLink link);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() = default;  ///< the Host has called stop()

  /// Aborts all sockets, and ends all waiting calls and the thread. May be called from any thread but the worker's.
  void stop() { worker_->stop(); }
  std::optional<Error> failure() const { return worker_->failure(); }

  /// Runs `f` later on the worker's thread. Returns false if the engine has stopped. May be called from any thread.
  bool post(std::function<void(Stack&, Instant)> f);

  /// Runs `attempt(Stack&, Instant) -> expected<T, Error>` on the worker's thread, and again after each event of
  /// `socket` while the result is would_block. Blocks the caller until then. Further errors: timed_out, aborted (the
  /// host is gone), closed (the socket was closed), no_device (the link is gone), invalid_argument (called from the
  /// worker's thread, which must not block).
  template <class T, class Attempt>
  expected<T, Error> perform(SocketHandle socket, std::optional<Duration> timeout, Attempt attempt) {
    std::optional<expected<T, Error>> result;
    const auto try_it = [&](Stack& stack, Instant now) {
      result.emplace(attempt(stack, now));
      return *result || result->error() != Error::would_block;
    };
    Operation operation;
    operation.socket = socket;
    operation.attempt = [&try_it](Stack& stack, Instant now) { return try_it(stack, now); };
    const Error ended = run(operation, timeout);
    if (ended != Error::none) return unexpected(ended);
    return std::move(*result);
  }

  // For the worker's thread.
  void adopt(SocketHandle socket);  ///< registers a new socket, so that calls can wait for it
  /// Called before the socket is closed or aborted. Calls that wait for it end with `closed`, and its handler is
  /// removed.
  void forget(SocketHandle socket);
  EventLoop& loop() { return loop_; }
  Stack& stack() { return *stack_; }
  Worker& worker() { return *worker_; }
  Instant now() const { return now_; }
  const Device& device() const { return worker_->device(0); }
  /// Delivers a packet as if the device had received it. It is lost if memory is short.
  void take_frame(Bytes frame);
  void set_echo_handler(EventLoop::EchoHandler handler) { echo_handler_ = std::move(handler); }
  void set_handler(SocketHandle socket, EventLoop::Handler handler);
  EventLoop::Timer set_timer(Instant due, EventLoop::Function f);
  bool cancel_timer(const EventLoop::Timer& timer) { return timers_.erase(timer) != 0; }

 private:
  struct Socket {
    IntrusiveList<Operation, ParkedTag> parked;
    std::shared_ptr<EventLoop::Handler> handler;
  };
  struct HashHandle {
    std::size_t operator()(SocketHandle h) const { return std::size_t{h.generation} << 32 ^ h.index; }
  };
  Engine() : loop_(*this) {}
  Error run(Operation& operation, std::optional<Duration> timeout);
  void begin(Operation& operation);
  void on_event(const Event& event);
  void retry(Socket& socket);
  Instant on_timers();
  void on_link_failure(Error error);
  void on_stop();
  void end_all_parked(Error why);
  void enter(Stack& stack, Instant now) {
    stack_ = &stack;
    now_ = now;
  }

  EventLoop loop_;
  Stack* stack_ = nullptr;
  Instant now_{};
  std::unordered_map<SocketHandle, Socket, HashHandle> sockets_;
  std::map<EventLoop::Timer, EventLoop::Function> timers_;
  std::uint64_t next_timer_ = 1;
  EventLoop::EchoHandler echo_handler_;
  Error ended_ = Error::none;  ///< the reason why calls can no longer wait
  std::unique_ptr<Worker> worker_;
};

}  // namespace leat
