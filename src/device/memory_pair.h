// MemoryPair: two devices in one thread that hand packets to each other, for tests, simulations and benchmarks.
// Packets are moved, not copied, so both sides share one BufferPool, and checksums may stay partial: nothing
// crosses a wire. A full queue is back-pressure.
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

  /// The ends may be taken over by whoever runs them; each lives on when the other is gone, with its cable cut:
  /// what it sends is counted as refused.
  std::unique_ptr<Device> first, second;
};

/// Super-segments and partial checksums, as TAP has them.
DeviceCaps fast_memory_caps(std::uint32_t mtu = 1500);
/// Frames of one MTU with checksums filled in, as a plain network card.
DeviceCaps plain_memory_caps(std::uint32_t mtu = 1500);

}  // namespace leat
