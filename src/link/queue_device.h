// QueueDevice: a device whose other side is the program that owns it, for scripts, simulations, tests and benchmarks.
// Frames that the Driver sends wait in a queue until the program takes them, and frames that the program puts in
// arrive.
#pragma once

#include <utility>

#include "base/ring.h"
#include "link/device.h"

namespace leat {

class QueueDevice final : public Device {
 public:
  explicit QueueDevice(const DeviceCaps& caps) : caps_(caps) {}

  /// The next receive() gives `packet`, behind those that wait already.
  void arrive(Packet&& packet) { arriving_.push_back(std::move(packet)); }
  bool has_sent() const { return !sent_.empty(); }
  /// The oldest packet that was sent; only while has_sent().
  Packet take_sent() { return sent_.pop_front(); }
  /// A blocked device takes nothing: back-pressure.
  void block(bool blocked) { blocked_ = blocked; }

  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool&) override {
    while (!arriving_.empty() && !batch.full()) {
      ++counters_.rx_packets;
      batch.push(arriving_.pop_front());
    }
    return {};
  }
  void transmit(PacketBatch& batch) override {
    if (blocked_) return;
    for (Packet& packet : batch.packets()) {
      ++counters_.tx_packets;
      sent_.push_back(std::move(packet));
    }
    batch.clear();
  }
  int descriptor() const override { return -1; }
  DeviceCounters counters() const override { return counters_; }

 private:
  DeviceCaps caps_;
  DeviceCounters counters_;
  RingDeque<Packet, true> arriving_, sent_;
  bool blocked_ = false;
};

}  // namespace leat
