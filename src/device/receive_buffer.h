// ReceiveBuffer: the memory that one frame of unknown size, 60 bytes to 64 kB, is read into without waste.
//
// A read scatters into a frame-sized block and a 64 kB block behind it. A small frame uses only the first block, and
// the large block stays for the next read. The rest of a medium frame is copied out of the large block, so that no
// packet holds a 64 kB block that is less than 25 % full. A virtio header in front of the frame can be read into the
// first block as well, so that most reads have one destination.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "packet/packet.h"

struct iovec;

namespace leat {

class ReceiveBuffer {
 public:
  static constexpr std::size_t kCapacity = size_of(BufferClass::frame) + size_of(BufferClass::super);

  /// `largest`: bytes of the largest frame; when it fits into the first block there is no second one. `lead`: bytes
  /// that come in front of the frame.
  explicit ReceiveBuffer(std::size_t largest = kCapacity, std::size_t lead = 0)
      : lead_(static_cast<std::uint16_t>(lead)), needs_big_(largest + lead > size_of(BufferClass::frame)) {}

  /// Allocates the missing blocks. Returns false when the pool refuses.
  bool prepare(BufferPool& pool);
  /// Describes the blocks for readv and returns their number. Call only after a successful prepare().
  unsigned describe(iovec* out);
  /// The bytes in front of the frame. Valid until take().
  Bytes lead() const { return small_.bytes().first(lead_); }
  /// Returns the blocks to the pool.
  void release() { small_ = big_ = {}; }
  /// Makes a packet of the `size` <= kCapacity bytes behind the lead. Returns nothing when the pool refuses memory.
  std::optional<Packet> take(std::size_t size, BufferPool& pool);

 private:
  std::uint16_t lead_;
  bool needs_big_;
  Slice small_, big_;
};

}  // namespace leat
