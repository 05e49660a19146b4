// DeviceCounters: what a device counts itself, beside what the stack counts.
#pragma once

#include <cstdint>

#include "packet/packet.h"

namespace leat {

struct DeviceCounters {
  std::uint64_t rx_packets = 0, rx_bytes = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0;
  std::uint64_t rx_dropped = 0;            ///< lost before the device read them: a full socket buffer, no memory
  std::uint64_t tx_refused = 0;            ///< sends that the kernel refused (EPERM, ENOBUFS): losses, not errors
  std::uint64_t rx_partial_checksums = 0;  ///< received before a checksum was computed: they never crossed a wire
  std::uint64_t rx_super_segments = 0;     ///< received as one packet that stands for several wire segments
};

/// Counts the offloads of a received packet.
inline void count_offloads(const Offload& offload, DeviceCounters& counters) {
  if (offload.checksum == ChecksumState::partial) ++counters.rx_partial_checksums;
  if (offload.gso_size > 0) ++counters.rx_super_segments;
}

}  // namespace leat
