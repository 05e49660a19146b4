// ForwardingDevice: base of a device that wraps another one. It passes every call on, so that a wrapper overrides only
// what it changes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "link/device.h"

namespace leat {

class ForwardingDevice : public Device {
 public:
  explicit ForwardingDevice(std::unique_ptr<Device> inner) : inner_(std::move(inner)) {}

  const DeviceCaps& caps() const override { return inner_->caps(); }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override { return inner_->receive(batch, pool); }
  void transmit(PacketBatch& batch) override { inner_->transmit(batch); }
  int descriptor() const override { return inner_->descriptor(); }
  int write_descriptor() const override { return inner_->write_descriptor(); }
  DeviceCounters counters() const override { return inner_->counters(); }
  std::string description() const override { return inner_->description(); }
  std::vector<ImpairmentReport> impairments() const override { return inner_->impairments(); }
  expected<std::uint16_t, Error> claim_port(const IpAddress& address, std::uint16_t port) override {
    return inner_->claim_port(address, port);
  }
  void release_port(std::uint16_t port) override { inner_->release_port(port); }
  expected<KernelPath, Error> path_to(const IpAddress& remote) const override { return inner_->path_to(remote); }
  void judged(std::span<const PacketVerdict> verdicts) override { inner_->judged(verdicts); }
  void idle() override { inner_->idle(); }

 protected:
  /// A wrapper whose own members must outlive the wrapped device resets this in its destructor.
  std::unique_ptr<Device> inner_;
};

}  // namespace leat
