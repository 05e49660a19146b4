// OutgoingFrame: a packet as the buffers of one write to the kernel, with a virtio header in front where the device has
// one.
//
// A frame of ordinary size is copied into one buffer, because a list costs the kernel more than the copy. A
// super-segment is written from its slices.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "packet/packet.h"

namespace leat {

class OutgoingFrame {
 public:
  enum class Lead : std::uint8_t { none, virtio_header };

  /// Valid until the next call and while the packet lives.
  std::span<iovec> describe(Packet& packet, Lead lead, bool has_link_layer);

 private:
  static constexpr std::size_t kSize = size_of(BufferClass::frame);

  std::array<std::uint8_t, kSize> joined_;
  std::array<iovec, Packet::kMaxSlices + 1> parts_;
};

}  // namespace leat
