#include "runtime/worker.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <utility>

#include "device/system_random.h"

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kLooksAPoll = 8;          // looks at the devices for each look at everything else that may happen
constexpr Duration kFlushPause = 1ms;        // between two attempts to send through a blocked device while stopping
constexpr Duration kFlushTime = 200ms;       // how long stopping waits for blocked devices
constexpr unsigned long kTimerSlack = 1000;  // ns; the default of 50 us would blur pacing

thread_local const Worker* this_threads_worker = nullptr;

/// On a single CPU, polling keeps the process that would answer from running.
Polling polling_here(Polling wanted) {
  cpu_set_t cpus;
  const bool alone = ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) == 1;
  return alone && wanted == Polling::adaptive ? Polling::sleep : wanted;
}

Seed system_seed() {
  std::array<std::uint8_t, 16> raw;
  fill_random(raw);
  Seed seed;
  std::memcpy(&seed.k0, raw.data(), 8);
  std::memcpy(&seed.k1, raw.data() + 8, 8);
  return seed;
}

}  // namespace

Worker::Worker(Poller poller, const WorkerConfig& config, WorkerCallbacks callbacks)
    : stack_(std::make_unique<Stack>(StackConfig{system_seed(), config.tcp}, pool_)),
      poller_(std::move(poller)),
      spin_(polling_here(config.polling)),
      on_address_conflict_(config.on_address_conflict),
      callbacks_(std::move(callbacks)) {
  driver_.emplace(*stack_, pool_);
}

Worker::~Worker() { stop(); }

expected<std::unique_ptr<Worker>, Error> Worker::start(const WorkerConfig& config, std::vector<WorkerLink> links,
                                                       WorkerCallbacks callbacks) {
  if (links.empty() || links.size() > kMaxLinks) return unexpected(Error::invalid_argument);
  auto poller = Poller::create();
  if (!poller) return unexpected(poller.error());
  std::unique_ptr<Worker> worker(new Worker(std::move(*poller), config, std::move(callbacks)));
  for (WorkerLink& link : links) {
    if (auto added = worker->add(std::move(link)); !added) return unexpected(added.error());
  }
  // The application handles signals: its handlers must not run on this thread.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  worker->thread_ = std::thread([w = worker.get()] { w->run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return worker;
}

expected<void, Error> Worker::add(WorkerLink link) {
  const int fd = link.device->descriptor();
  if (fd < 0 || !poller_.add(fd, static_cast<unsigned>(devices_.size()))) return unexpected(Error::unsupported);
  const auto id = driver_->attach(*link.device, link.interface);
  if (!id) return unexpected(id.error());
  devices_.push_back(std::move(link.device));
  watched_.push_back(driver_->waits().back());
  stack_->announce(*id, monotonic_now());
  if (link.interface.caps.shares_host_address) {
    shared_ports_.attach(*devices_.back(), *id, link.interface, link.all_addresses);
  }
  return {};
}

bool Worker::post(Task task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    wake = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (wake) poller_.wake();
  return true;
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  poller_.wake();
  thread_.join();
}

bool Worker::is_worker_thread() const { return this_threads_worker == this; }

std::optional<Error> Worker::failure() const {
  const Error error = failure_.load();
  return error == Error::none ? std::nullopt : std::optional(error);
}

void Worker::run() {
  this_threads_worker = this;
  ::pthread_setname_np(::pthread_self(), "leat");
  ::prctl(PR_SET_TIMERSLACK, kTimerSlack);
  Instant now = monotonic_now();
  turn(0, now);
  for (;;) {
    turn(wait(wake_up_, now), now);
    const std::lock_guard lock(mutex_);
    if (stopping_) break;
  }
  finish();
}

/// Waits until a device is ready, a task is posted or `wake_up` has come: polls first, then sleeps. Sets `now`.
std::uint32_t Worker::wait(Instant wake_up, Instant& now) {
  const Instant began = now;
  const Duration spin = spin_.get();
  bool idle = false;
  for (;;) {
    const Duration waited = now - began;
    if (!idle && wake_up > now && waited >= std::min(spin, SpinTime::kMost)) {
      driver_->idle();
      idle = true;
    }
    const bool sleeps = waited >= spin;
    if (!sleeps && ++looks_ % kLooksAPoll != 0) {
      const bool found = driver_->look();
      now = monotonic_now();
      if (!found && now < wake_up) continue;
      if (wake_up > began) spin_.on_waited(now - began);
      return 0;
    }
    const std::uint32_t ready = poller_.wait(sleeps ? wake_up : now, now);
    now = monotonic_now();
    if (ready != 0 || sleeps || now >= wake_up) {
      if (wake_up > began) spin_.on_waited(now - began);
      return ready;
    }
    ::sched_yield();  // the awaited packet may come from a process that waits for this processor
  }
}

void Worker::turn(std::uint32_t ready, Instant now) {
  ++turns_;
  run_tasks(now);
  wake_up_ = driver_->turn(now, Application{*this, now}, ready);
  wake_up_ = std::min(wake_up_, timers_due_);
  shared_ports_.release_unused(*stack_);
  while (const std::optional<AddressConflict> conflict = stack_->next_address_conflict()) {
    if (on_address_conflict_) on_address_conflict_(*conflict);
  }
  watch();
}

/// Tells the poller which descriptors the Driver wants to wait for now.
void Worker::watch() {
  const std::span<const Wait> waits = driver_->waits();
  for (std::size_t i = 0; i < waits.size(); ++i) {
    if (waits[i] == watched_[i]) continue;
    if (waits[i].fd < 0) {
      poller_.remove(watched_[i].fd);
    } else {
      poller_.change(waits[i].fd, static_cast<unsigned>(i), {.input = waits[i].input, .output = waits[i].output});
    }
    watched_[i] = waits[i];
  }
}

void Worker::Application::operator()(const Event& event) {
  if (worker.callbacks_.on_event) worker.callbacks_.on_event(*worker.stack_, event, now);
}

void Worker::Application::on_failure(std::size_t, Error error) {
  Error none = Error::none;
  worker.failure_.compare_exchange_strong(none, error);
  if (worker.callbacks_.on_link_failure) worker.callbacks_.on_link_failure(*worker.stack_, error, now);
}

/// Returns true when a timer had been due: the application may have given the Stack something to send.
bool Worker::run_timers(Instant now) {
  if (!callbacks_.on_timers) return false;
  const bool due = timers_due_ <= now;
  timers_due_ = callbacks_.on_timers(*stack_, now);
  return due;
}

void Worker::run_tasks(Instant now) {
  {
    const std::lock_guard lock(mutex_);
    std::swap(tasks_, running_);
  }
  for (Task& task : running_) task(*stack_, now);
  running_.clear();
}

void Worker::finish() {
  Instant now = monotonic_now();
  run_tasks(now);
  if (callbacks_.on_stop) callbacks_.on_stop(*stack_, now);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) stopped_ = true;
    }
    if (stopped_) break;  // only this thread writes it
    run_tasks(now);
  }
  flush(now);
  // Connections' handles may live on. Interfaces' names are free again, and so is memory that was borrowed.
  driver_.reset();
  devices_.clear();
  stack_.reset();
}

/// Sends what is ready, and waits for blocked devices for a moment.
void Worker::flush(Instant now) {
  const Instant end = now + kFlushTime;
  for (;;) {
    const bool more = driver_->transmit(now);
    bool blocked = false;
    for (std::size_t i = 0; i < devices_.size(); ++i) blocked |= driver_->is_blocked(i);
    if ((!blocked && !more) || now >= end) return;
    watch();
    if (!more) poller_.wait(std::min(end, now + kFlushPause), now);
    now = monotonic_now();
  }
}

}  // namespace leat
