// MemoryPair: two devices in one thread that hand packets to each other, for tests, simulations and benchmarks.
// Packets are moved, not copied, so both sides share one BufferPool. They cross no wire, so checksums may stay partial.
// A full queue is back-pressure.
#pragma once

#include <cstddef>
#include <memory>

#include "link/device.h"

namespace leat {

class MemoryPair {
 public:
  /// `queue` packets fit each way.
  explicit MemoryPair(const DeviceCaps& caps, std::size_t queue = 256);
  ~MemoryPair();

  /// The two ends; callers may move them out. When one is destroyed, packets that the other one sends are counted as
  /// refused.
  std::unique_ptr<Device> first, second;
};

/// The capabilities of a TAP device: super-segments and partial checksums.
DeviceCaps fast_memory_caps(std::uint32_t mtu = 1500);
/// The capabilities of a plain network card: frames of one MTU with checksums filled in.
DeviceCaps plain_memory_caps(std::uint32_t mtu = 1500);

}  // namespace leat
