// MemoryLink: a cable between two hosts of one process that run on different threads. Frames are copied into a
// bounded queue under a lock, with their offload facts; an eventfd wakes the other side.
//
// A device waits for both things, frames and room, on its one descriptor: see Device::write_descriptor.
#pragma once

#include <array>
#include <memory>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

class MemoryLink {
 public:
  MemoryLink();
  ~MemoryLink();

  /// One of the two ends. While the other end is not taken, or is gone, frames are lost as on a cable that is
  /// plugged in on one side. Error address_in_use when both are taken; an end that is destroyed is free again.
  /// May be called from any thread; each device then belongs to one.
  expected<std::unique_ptr<Device>, DeviceError> take_end(const MacAddress& mac, std::uint32_t mtu = 1500);

  struct Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace leat
