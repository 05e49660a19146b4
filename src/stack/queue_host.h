// QueueHost: a Stack, its Driver and one QueueDevice. It is for programs that play the network themselves: scripts,
// simulations, tests and benchmarks.
#pragma once

#include <memory>
#include <utility>

#include "link/queue_device.h"
#include "stack/driver.h"
#include "stack/stack.h"

namespace leat {

class QueueHost {
 public:
  QueueHost(const StackConfig& config, BufferPool& pool) : stack_(config, pool), driver_(stack_, pool) {}
  QueueHost(const QueueHost&) = delete;
  QueueHost& operator=(const QueueHost&) = delete;

  /// The only interface; once. Errors as of Stack::add_interface.
  expected<InterfaceId, Error> attach(const InterfaceConfig& config) {
    device_ = std::make_unique<QueueDevice>(config.caps);
    return driver_.attach(*device_, config);
  }
  Stack& stack() { return stack_; }
  const Stack& stack() const { return stack_; }

  /// Has the Stack receive `packet` alone.
  void receive(Packet&& packet, Instant now) {
    device_->arrive(std::move(packet));
    driver_.receive(now, ignore);
  }
  /// The whole batch at once; it is empty afterwards.
  void receive(PacketBatch& batch, Instant now) {
    for (Packet& packet : batch.packets()) device_->arrive(std::move(packet));
    batch.clear();
    driver_.receive(now, ignore);
  }
  /// Calls `take` with each packet that the Stack sends now; it may keep the packet. True when there were any.
  template <class Take>
  bool transmit(Instant now, Take&& take) {
    bool any = false;
    for (bool more = true; more;) {
      more = driver_.transmit(now);
      for (; device_->has_sent(); any = true) {
        Packet packet = device_->take_sent();
        take(packet);
      }
    }
    return any;
  }
  /// Calls `application` with each event. True when there were any.
  template <class Application>
  bool dispatch(Instant now, Application&& application) {
    bool any = false;
    while (driver_.dispatch(now, application)) any = true;
    return any;
  }
  /// When transmit() is due, even if nothing else happens.
  Instant next_deadline() const { return stack_.next_deadline(); }

 private:
  static void ignore(const Event&) {}

  Stack stack_;
  std::unique_ptr<QueueDevice> device_;
  Driver driver_;
};

}  // namespace leat
