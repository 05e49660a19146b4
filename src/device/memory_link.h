// MemoryLink: a cable between two hosts of one process that run on different threads. Frames are copied into a
// bounded queue under a lock, with their offload facts; an eventfd wakes the other side.
//
// The one descriptor of a device becomes readable for both frames and room: see Device::write_descriptor.
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

  /// One of the two ends. While the other end is not taken or is destroyed, frames are lost, as on a cable with one end
  /// unplugged. Error address_in_use: both ends are taken. A destroyed end is free again. Can be called from any
  /// thread; each device then belongs to one.
  expected<std::unique_ptr<Device>, DeviceError> take_end(const MacAddress& mac, std::uint32_t mtu = 1500);

  struct Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace leat
