#include "api/engine.h"

#include <vector>

namespace leat {
namespace {

// A longer wait has no end, because its sum with the time would overflow.
constexpr Duration kLongestWait = std::chrono::hours(24 * 365);

}  // namespace

expected<std::shared_ptr<Engine>, Error> Engine::start(const WorkerConfig& config, WorkerLink link) {
  std::shared_ptr<Engine> engine(new Engine);
  Engine* e = engine.get();
  WorkerCallbacks callbacks;
  callbacks.on_event = [e](Stack& stack, const Event& event, Instant now) {
    e->enter(stack, now);
    e->on_event(event);
  };
  callbacks.on_timers = [e](Stack& stack, Instant now) {
    e->enter(stack, now);
    return e->on_timers();
  };
  callbacks.on_link_failure = [e](Stack& stack, Error error, Instant now) {
    e->enter(stack, now);
    e->on_link_failure(error);
  };
  callbacks.on_stop = [e](Stack& stack, Instant now) {
    e->enter(stack, now);
    e->on_stop();
  };
  std::vector<WorkerLink> links;
  links.push_back(std::move(link));
  auto worker = Worker::start(config, std::move(links), std::move(callbacks));
  if (!worker) return unexpected(worker.error());
  engine->worker_ = std::move(*worker);
  return engine;
}

bool Engine::post(std::function<void(Stack&, Instant)> f) {
  return worker_->post([this, f = std::move(f)](Stack& stack, Instant now) {
    enter(stack, now);
    f(stack, now);
  });
}

void Engine::take_frame(Bytes frame) {
  PacketBatch batch;
  Slice copy = worker_->pool().copy_of(frame);
  if (!copy) return;
  batch.push(Packet(std::move(copy)));
  stack_->receive(1, batch, now_);
}

Error Engine::run(Operation& operation, std::optional<Duration> timeout) {
  if (worker_->is_worker_thread()) return Error::invalid_argument;
  const bool accepted = worker_->post([this, &operation](Stack& stack, Instant now) {
    enter(stack, now);
    begin(operation);
  });
  if (!accepted) return Error::aborted;
  std::unique_lock lock(operation.mutex);
  const auto is_done = [&] { return operation.done; };
  if (timeout && *timeout < kLongestWait && !operation.changed.wait_for(lock, *timeout, is_done)) {
    lock.unlock();
    // The operation may finish now, so only the worker may cancel it. A worker that has stopped has finished all
    // waiting operations.
    const bool cancelled = worker_->post([&operation](Stack&, Instant) { operation.cancel(); });
    lock.lock();
    if (cancelled) operation.changed.wait(lock, [&] { return operation.cancel_handled; });
  }
  operation.changed.wait(lock, is_done);
  return operation.ended;
}

void Engine::begin(Operation& operation) {
  // Another thread may have closed the socket in the meantime.
  const auto found = sockets_.find(operation.socket);
  const bool is_closed = operation.socket != SocketHandle{} && found == sockets_.end();
  if (is_closed && ended_ == Error::none) return operation.finish(Error::closed);
  if (operation.attempt(*stack_, now_)) return operation.finish(Error::none);
  if (ended_ != Error::none) return operation.finish(ended_);
  if (found == sockets_.end()) return operation.finish(Error::closed);
  found->second.parked.push_back(operation);
}

void Engine::retry(Socket& socket) {
  for (Operation* o = socket.parked.front(); o != nullptr;) {
    Operation* next = socket.parked.next(*o);
    if (o->attempt(*stack_, now_)) {
      o->unlink();
      o->finish(Error::none);
    }
    o = next;
  }
}

void Engine::on_event(const Event& event) {
  const auto found = sockets_.find(event.socket);
  if (found == sockets_.end()) return;
  const auto handler = found->second.handler;  // a copy, because the handler may replace itself
  retry(found->second);
  if (handler && *handler) (*handler)(loop_, event);
}

void Engine::adopt(SocketHandle socket) { sockets_.try_emplace(socket); }

void Engine::forget(SocketHandle socket) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end()) return;
  while (Operation* o = found->second.parked.pop_front()) o->finish(Error::closed);
  sockets_.erase(found);
}

void Engine::set_handler(SocketHandle socket, EventLoop::Handler handler) {
  const auto found = sockets_.find(socket);
  if (found != sockets_.end()) found->second.handler = std::make_shared<EventLoop::Handler>(std::move(handler));
}

EventLoop::Timer Engine::set_timer(Instant due, EventLoop::Function f) {
  const EventLoop::Timer timer{due, next_timer_++};
  timers_.emplace(timer, std::move(f));
  return timer;
}

Instant Engine::on_timers() {
  while (const auto reply = stack_->next_echo_reply()) {
    if (const auto handler = echo_handler_) handler(loop_, *reply);  // a copy, because the handler may replace itself
  }
  const std::uint64_t first_new = next_timer_;
  for (auto it = timers_.begin(); it != timers_.end() && it->first.due <= now_;) {
    if (it->first.number >= first_new) {
      ++it;
      continue;
    }
    const auto f = std::move(it->second);
    timers_.erase(it);
    f(loop_);
    it = timers_.begin();  // the function may have set or cancelled timers
  }
  return timers_.empty() ? kNever : timers_.begin()->first.due;
}

void Engine::end_all_parked(Error why) {
  ended_ = why;
  for (auto& [handle, socket] : sockets_) {
    while (Operation* o = socket.parked.pop_front()) o->finish(why);
  }
}

void Engine::on_link_failure(Error error) { end_all_parked(error); }

void Engine::on_stop() {
  end_all_parked(Error::aborted);
  stack_->abort_all(now_);
  sockets_.clear();
  timers_.clear();
}

}  // namespace leat
