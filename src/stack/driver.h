// Driver: the loop that drives a Stack and its devices. One turn receives, runs timers, hands out events, transmits,
// and says when to come back. It has no thread, no clock and no way to wait: the caller gives the time and waits for
// descriptors as it likes.
//
//   for (Instant back = driver.turn(now(), app);; back = driver.turn(now(), app)) poll(driver.waits(), back);
//
// The application is an object or a function that is called with each Event. An object may have two functions more:
//   bool run_timers(Instant now)                 runs the application's own timers; true when one was due
//   void on_failure(std::size_t link, Error why) a device is gone: its interface stays, and what is sent there is lost
// The work of a turn is bounded, so that a flood on one link starves neither the others nor the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "leat/error.h"
#include "leat/event.h"
#include "leat/expected.h"
#include "leat/time.h"
#include "link/device.h"
#include "link/wait.h"
#include "packet/packet.h"
#include "stack/stack.h"

namespace leat {

class Driver {
 public:
  static constexpr std::size_t kMaxLinks = 32;
  /// One bit for each link in the order of attach(): those whose descriptor is ready.
  using ReadyLinks = std::uint32_t;
  static constexpr ReadyLinks kAllLinks = ~ReadyLinks{0};

  /// Both outlive the Driver. Received packets take their memory from `pool`.
  Driver(Stack& stack, BufferPool& pool) : stack_(stack), pool_(pool) {}

  /// Makes an interface of `device`, which outlives the Driver. Errors: add_interface's; no_buffers beyond kMaxLinks.
  expected<InterfaceId, Error> attach(Device& device, const InterfaceConfig& config);

  /// One turn at the time `now`. Receives from the links in `ready`; a caller that does not know passes all. Returns
  /// the latest time of the next turn: `now` when work was left, kNever when only a descriptor or the application can
  /// give the Driver something to do.
  template <class Application>
  Instant turn(Instant now, Application&& app, ReadyLinks ready = kAllLinks);

  /// The descriptors to wait for: one entry for each link, in the order of attach(). They change with each turn.
  std::span<const Wait> waits() const { return waits_; }

  /// Asks the devices themselves whether something arrived, which costs less than a system call that waits. True when
  /// one had something: the next turn takes it.
  bool look();
  /// The caller is about to sleep.
  void idle();

  /// True while the device of `link` takes nothing.
  bool is_blocked(std::size_t link) const { return links_[link].blocked; }

  // The parts of a turn, for a caller that needs another order, as a script that plays the kernel's.
  template <class Application>
  void receive(Instant now, Application&& app, ReadyLinks ready = kAllLinks);
  /// True when there were events: the application may have given the Stack something to send.
  template <class Application>
  bool dispatch(Instant now, Application&& app);
  /// Sends what the Stack has for each device. True when something is left that a device would take.
  bool transmit(Instant now);
  /// When the next turn is due, as turn() returns it.
  Instant next_turn(Instant now) const;

 private:
  static constexpr int kSendRounds = 16;  // batches sent on a link in each transmit()
  static constexpr int kEventRounds = 4;  // times that events may lead to more to send, in a turn
  static constexpr int kMostEvents = 256;

  struct Link {
    Device* device = nullptr;
    InterfaceId id = 0;
    PacketBatch out;       ///< left over from back-pressure
    bool blocked = false;  ///< the device took less than `out`
    bool failed = false;
  };
  /// The batch that look() received, and its link.
  struct Found {
    std::size_t link;
    expected<void, Error> received;
  };

  template <class Application>
  static bool run_timers(Instant now, Application& app);
  template <class Application>
  void take(std::size_t index, const expected<void, Error>& received, Instant now, Application& app);
  void fail(std::size_t index);
  bool transmit(std::size_t index, Instant now);
  void set_blocked(std::size_t index, bool blocked);

  Stack& stack_;
  BufferPool& pool_;
  std::vector<Link> links_;
  std::vector<Wait> waits_;
  PacketBatch in_;
  std::optional<Found> found_;
  std::size_t looks_ = 0;
  // Something was left undone, so that the next turn is due at once.
  bool more_to_receive_ = false, more_to_send_ = false, more_to_tell_ = false;
};

template <class Application>
Instant Driver::turn(Instant now, Application&& app, ReadyLinks ready) {
  run_timers(now, app);
  receive(now, app, ready);
  dispatch(now, app);  // before anything is sent: an answer that a handler writes carries the ACK of the question
  more_to_tell_ = false;
  for (int round = 0;; ++round) {
    transmit(now);
    const bool events = dispatch(now, app);
    const bool timers = run_timers(now, app);
    if (!events && !timers) break;
    if (round == kEventRounds) {
      more_to_tell_ = true;
      break;
    }
  }
  return next_turn(now);
}

template <class Application>
void Driver::receive(Instant now, Application&& app, ReadyLinks ready) {
  more_to_receive_ = false;
  if (const auto found = std::exchange(found_, std::nullopt)) take(found->link, found->received, now, app);
  for (std::size_t i = 0; i < links_.size(); ++i) {
    // A device without a descriptor of its own for room wakes the caller through the one for input.
    if ((ready >> i & 1) == 0 || links_[i].failed) continue;
    const auto received = links_[i].device->receive(in_, pool_);
    take(i, received, now, app);
  }
}

template <class Application>
void Driver::take(std::size_t index, const expected<void, Error>& received, Instant now, Application& app) {
  Link& link = links_[index];
  if (in_.full()) more_to_receive_ = true;
  if (!in_.empty()) {
    stack_.receive(link.id, in_, now);
    link.device->judged(stack_.verdicts());
  }
  if (received) return;
  fail(index);
  if constexpr (requires { app.on_failure(index, received.error()); }) app.on_failure(index, received.error());
}

template <class Application>
bool Driver::dispatch(Instant, Application&& app) {
  int count = 0;
  while (count < kMostEvents) {
    const std::optional<Event> event = stack_.next_event();
    if (!event) break;
    ++count;
    app(*event);
  }
  return count > 0;
}

template <class Application>
bool Driver::run_timers(Instant now, Application& app) {
  if constexpr (requires { app.run_timers(now); }) return app.run_timers(now);
  return false;
}

}  // namespace leat
