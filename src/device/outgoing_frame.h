// OutgoingFrame: a packet as the places that one write of the kernel's takes it from, with a virtio header in front
// where the device has one.
//
// A frame of ordinary size is copied into one place, because the kernel takes longer over a list than the copy takes; a
// super-segment goes out from where its slices are.
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

  /// Good until the next call, and as long as the packet.
  std::span<iovec> describe(Packet& packet, Lead lead, bool has_link_layer);

 private:
  static constexpr std::size_t kSize = size_of(BufferClass::frame);

  std::array<std::uint8_t, kSize> joined_;
  std::array<iovec, Packet::kMaxSlices + 1> parts_;
};

}  // namespace leat
