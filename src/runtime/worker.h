// Worker: a thread that owns a Stack, its devices and their Driver (stack/driver.h). It adds what a Driver lacks: the
// clock, a poller, the tasks of other threads, and how to wait: it looks at the devices for a while (SpinTime), then
// sleeps.
//
// Each turn runs the posted tasks, then a turn of the Driver. The clock is read once a turn. The work of a turn is
// bounded, so that a flood of frames does not starve the tasks. The queue of tasks is the only thing that is locked.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "leat/polling.h"
#include "link/device.h"
#include "runtime/poller.h"
#include "runtime/shared_ports.h"
#include "runtime/spin_time.h"
#include "stack/driver.h"
#include "stack/stack.h"

namespace leat {

/// A device, and the interface that the Stack makes of it.
struct WorkerLink {
  std::unique_ptr<Device> device;
  InterfaceConfig interface;
  /// Only for a link that shares the kernel's addresses: the interface has all addresses that the kernel has, also
  /// those that the kernel gets later.
  bool all_addresses = false;
};

struct WorkerConfig {
  TcpSettings tcp{};
  Polling polling = Polling::adaptive;
  std::function<void(const AddressConflict&)> on_address_conflict{};  ///< on the worker's thread
};

/// The worker calls these on its own thread. An empty one is not called.
struct WorkerCallbacks {
  std::function<void(Stack&, const Event&, Instant now)> on_event;
  /// Runs the application's timers that are due, but none that those set. Returns the time of the next one, or kNever.
  /// Called at least once in each turn.
  std::function<Instant(Stack&, Instant now)> on_timers;
  /// A device is gone. The Stack goes on, and what it sends there is lost.
  std::function<void(Stack&, Error, Instant now)> on_link_failure;
  /// The last turn begins. The RST of a connection that is aborted here is still sent.
  std::function<void(Stack&, Instant now)> on_stop;
};

class Worker {
 public:
  using Task = std::function<void(Stack&, Instant now)>;
  static constexpr std::size_t kMaxLinks = 31;

  /// Starts the thread. The seed comes from the system. Errors: those of Stack::add_interface, and `system`.
  static expected<std::unique_ptr<Worker>, Error> start(const WorkerConfig& config, std::vector<WorkerLink> links,
                                                        WorkerCallbacks callbacks);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();  ///< stop()

  /// Has `task` run on the worker's thread, in the order of the calls. Returns false when the worker has stopped; the
  /// task then never runs. An accepted task always runs. Can be called from any thread.
  bool post(Task task);
  /// Runs the posted tasks, calls on_stop, sends the packets that are ready, ends the thread and closes the devices.
  /// Must not be called on the worker's own thread. A second call does nothing.
  void stop();
  bool is_worker_thread() const;
  /// The error of the first device that failed. Can be called from any thread.
  std::optional<Error> failure() const;

  /// These are for tasks and callbacks, which run on the worker's thread.
  const Device& device(std::size_t link) const { return *devices_[link]; }
  BufferPool& pool() { return pool_; }
  /// As the Stack's, for links that share the kernel's addresses too: see shared_ports.h.
  expected<SocketHandle, Error> connect(const ConnectRequest& request, Instant now) {
    return shared_ports_.connect(*stack_, request, now);
  }
  expected<SocketHandle, Error> listen(const Endpoint& local, unsigned backlog) {
    return shared_ports_.listen(*stack_, local, backlog);
  }
  std::uint64_t turns() const { return turns_; }

 private:
  /// The application of the Driver: passes its calls on to the callbacks.
  struct Application {
    Worker& worker;
    Instant now;
    void operator()(const Event& event);
    bool run_timers(Instant time) { return worker.run_timers(time); }
    void on_failure(std::size_t link, Error error);
  };
  Worker(Poller poller, const WorkerConfig& config, WorkerCallbacks callbacks);
  expected<void, Error> add(WorkerLink link);
  void run();
  bool run_timers(Instant now);
  void turn(std::uint32_t ready, Instant now);
  void run_tasks(Instant now);
  void watch();
  std::uint32_t wait(Instant wake_up, Instant& now);
  void finish();
  void flush(Instant now);

  // The pool outlives everything that holds its slices.
  BufferPool pool_;
  std::unique_ptr<Stack> stack_;  ///< until the thread ends
  Poller poller_;
  SpinTime spin_;
  std::function<void(const AddressConflict&)> on_address_conflict_;
  WorkerCallbacks callbacks_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::optional<Driver> driver_;  ///< until the thread ends
  std::vector<Wait> watched_;     ///< the descriptors that the poller waits for, for each link
  SharedPorts shared_ports_;
  unsigned looks_ = 0;
  std::vector<Task> running_;
  Instant timers_due_ = kNever;
  Instant wake_up_{};  ///< when the next turn is due
  std::uint64_t turns_ = 0;

  std::mutex mutex_;  ///< guards tasks_, stopping_, stopped_
  std::vector<Task> tasks_;
  bool stopping_ = false;
  bool stopped_ = false;
  std::atomic<Error> failure_{Error::none};
  std::thread thread_;
};

}  // namespace leat
