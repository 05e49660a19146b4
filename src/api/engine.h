// Engine: what a Host, its Connections and its Listeners share: the worker, the blocking calls that are parked on
// sockets, the handlers and timers of the event loop, and which sockets exist.
//
// Everything but run(), perform(), post() and stop() happens on the worker's thread, and so needs no lock. It lives
// as long as any handle does; after stop() all calls fail with `aborted`.
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
  ~Engine() = default;  ///< stop() was called, by the Host

  /// From any thread but the worker's: aborts all sockets, ends all calls that wait, ends the thread.
  void stop() { worker_->stop(); }
  std::optional<Error> failure() const { return worker_->failure(); }

  /// Runs `f` on the worker's thread, later. False when the engine has stopped. From any thread.
  bool post(std::function<void(Stack&, Instant)> f);

  /// Tries `attempt(Stack&, Instant) -> expected<T, Error>` on the worker's thread: at once, and again after each
  /// event of `socket` for as long as it says would_block. Blocks the caller until then. Other errors: timed_out,
  /// aborted (the host is gone), closed (the socket was closed meanwhile), no_device (its link is gone),
  /// invalid_argument (called from the worker's thread, where nothing may block).
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

  // On the worker's thread.
  void adopt(SocketHandle socket);  ///< a new socket, that calls may now wait for
  /// Before the socket is closed or aborted: what waits for it ends with `closed`, its handler is gone.
  void forget(SocketHandle socket);
  EventLoop& loop() { return loop_; }
  Stack& stack() { return *stack_; }
  Worker& worker() { return *worker_; }
  Instant now() const { return now_; }
  const Device& device() const { return worker_->device(0); }
  /// As if the device had received it; lost when memory is short.
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
  Error ended_ = Error::none;  ///< nothing can be waited for any more, and why
  std::unique_ptr<Worker> worker_;
};

}  // namespace leat
