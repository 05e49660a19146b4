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

constexpr int kSendRounds = 16;  // batches sent a turn and device
constexpr int kEventRounds = 4;  // times that events may lead to more to send, a turn
constexpr int kEventsARound = 256;
constexpr unsigned kLooksAPoll = 8;      // while looking: at devices, for each time at everything else that may happen
constexpr Duration kBlockedPause = 1ms;  // how often timers run while every device is blocked
constexpr Duration kFlushTime = 200ms;   // how long stopping waits for a blocked device
constexpr unsigned long kTimerSlack = 1000;  // ns; the default of 50 us would blur pacing

thread_local const Worker* this_threads_worker = nullptr;

/// On one CPU, looking keeps the one who would answer from running.
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
      callbacks_(std::move(callbacks)) {}

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
  // Signals are the application's: its handlers must not run on this thread.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  worker->thread_ = std::thread([w = worker.get()] { w->run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return worker;
}

expected<void, Error> Worker::add(WorkerLink link) {
  const auto id = stack_->add_interface(link.interface);
  if (!id) return unexpected(id.error());
  const int fd = link.device->descriptor();
  if (fd < 0 || !poller_.add(fd, static_cast<unsigned>(links_.size()))) return unexpected(Error::unsupported);
  Link& added = links_.emplace_back();
  added.device = std::move(link.device);
  added.id = *id;
  stack_->announce(*id, monotonic_now());
  if (link.interface.caps.shares_host_address) {
    shared_ports_.attach(*added.device, *id, link.interface, link.all_addresses);
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
    turn(wait(wake_up_time(now), now), now);
    const std::lock_guard lock(mutex_);
    if (stopping_) break;
  }
  finish();
}

/// Until a device is ready, a task is posted or `wake_up`: looking at first, then sleeping. Sets `now`.
std::uint32_t Worker::wait(Instant wake_up, Instant& now) {
  const Instant began = now;
  const Duration spin = spin_.get();
  bool idle = false;
  for (;;) {
    const Duration waited = now - began;
    if (!idle && wake_up > now && waited >= std::min(spin, SpinTime::kMost)) {
      for (Link& link : links_) link.device->idle();
      idle = true;
    }
    const bool sleeps = waited >= spin;
    if (!sleeps && ++looks_ % kLooksAPoll != 0) {
      const bool found = look();
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
    ::sched_yield();  // what we look for may come from somebody who waits for this processor
  }
}

/// Asks the devices themselves, which costs less than to ask whether they have something. True when one has.
bool Worker::look() {
  for (std::size_t k = 0; k < links_.size(); ++k) {
    const std::size_t i = (looks_ + k) % links_.size();  // another one first each time
    if (links_[i].failed) continue;
    const auto received = links_[i].device->receive(in_, pool_);
    if (in_.empty() && received) continue;
    found_ = Found{i, received};
    return true;
  }
  return false;
}

void Worker::turn(std::uint32_t ready, Instant now) {
  ++turns_;
  more_ = false;
  run_tasks(now);
  run_timers(now);
  if (const auto found = std::exchange(found_, std::nullopt)) take(found->link, found->received, now);
  for (std::size_t i = 0; i < links_.size(); ++i) {
    // A device without a descriptor of its own for room wakes us through the one for input.
    if ((ready >> i & 1) != 0 && !links_[i].failed) receive(i, now);
  }
  deliver_events(now);  // before anything is sent: an answer that a handler writes carries the ACK of the question
  for (int round = 0;; ++round) {
    for (std::size_t i = 0; i < links_.size(); ++i) transmit(i, now);
    shared_ports_.release_unused(*stack_);
    const bool events = deliver_events(now);
    const bool timers = run_timers(now);
    if (!events && !timers) break;
    if (round == kEventRounds) {
      more_ = true;
      break;
    }
  }
}

/// True when there were any that had been due before: they may have given the stack something to send.
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

void Worker::receive(std::size_t index, Instant now) { take(index, links_[index].device->receive(in_, pool_), now); }

/// What a device has given is in in_.
void Worker::take(std::size_t index, const expected<void, Error>& received, Instant now) {
  Link& link = links_[index];
  if (in_.full()) more_ = true;
  if (!in_.empty()) {
    stack_->receive(link.id, in_, now);
    link.device->judged(stack_->verdicts());
  }
  while (const std::optional<AddressConflict> conflict = stack_->next_address_conflict()) {
    if (on_address_conflict_) on_address_conflict_(*conflict);
  }
  if (!received) fail(index, received.error(), now);
}

void Worker::transmit(std::size_t index, Instant now) {
  Link& link = links_[index];
  for (int round = 0; round < kSendRounds; ++round) {
    if (link.failed) link.out.clear();
    if (!link.out.empty()) link.device->transmit(link.out);
    const bool blocked = !link.out.empty();
    if (blocked != link.blocked) set_blocked(index, blocked);
    // Also when nothing can be sent: this is where the stack's timers run.
    const bool more = stack_->transmit(link.id, link.out, now);
    if (blocked || (link.out.empty() && !more)) return;
  }
  more_ = true;
}

void Worker::set_blocked(std::size_t index, bool blocked) {
  Link& link = links_[index];
  link.blocked = blocked;
  const int fd = link.device->descriptor();
  if (link.device->write_descriptor() == fd) poller_.change(fd, static_cast<unsigned>(index), {.output = blocked});
}

void Worker::fail(std::size_t index, Error error, Instant now) {
  Link& link = links_[index];
  poller_.remove(link.device->descriptor());
  link.failed = true;
  link.blocked = false;
  Error none = Error::none;
  failure_.compare_exchange_strong(none, error);
  if (callbacks_.on_link_failure) callbacks_.on_link_failure(*stack_, error, now);
}

/// True when there were any: their handlers may have given the stack something to send.
bool Worker::deliver_events(Instant now) {
  int count = 0;
  while (count < kEventsARound) {
    const auto event = stack_->next_event();
    if (!event) break;
    ++count;
    if (callbacks_.on_event) callbacks_.on_event(*stack_, *event, now);
  }
  return count > 0;
}

Instant Worker::wake_up_time(Instant now) const {
  if (more_) return now;
  const Instant deadline = std::min(stack_->next_deadline(), timers_due_);
  const bool all_blocked = std::all_of(links_.begin(), links_.end(), [](const Link& l) { return l.blocked; });
  // The stack may be due because it wants to send, which it cannot: that must not make the loop spin.
  return all_blocked ? std::max(deadline, now + kBlockedPause) : deadline;
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
  const Instant end = now + kFlushTime;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    do {
      more_ = false;
      transmit(i, now);
      if (links_[i].blocked) poller_.wait(std::min(end, now + kBlockedPause), now);
      now = monotonic_now();
    } while ((links_[i].blocked || more_) && now < end);
  }
  // Connections' handles may live on; interfaces' names are free again, and so is memory that was borrowed.
  links_.clear();
  in_.clear();
  stack_.reset();
}

}  // namespace leat
