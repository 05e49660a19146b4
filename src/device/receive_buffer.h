// ReceiveBuffer: where one frame of unknown size, 60 bytes or 64 kB, is read into without waste.
//
// A read scatters into a frame-sized block and a 64 kB block behind it. A small frame uses up the first only, and
// the big block waits for the next read; the rest of a middling frame is copied out of it, so that no packet pins
// a 64 kB block that is less than a quarter full. What a kernel puts in front of each frame (a virtio header) can be
// read into the first block as well, so that most reads are into one place.
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

  /// `largest`: bytes of a frame; where all fit into the first block there is no second. `lead`: bytes that come in
  /// front of it.
  explicit ReceiveBuffer(std::size_t largest = kCapacity, std::size_t lead = 0)
      : lead_(static_cast<std::uint16_t>(lead)), needs_big_(largest + lead > size_of(BufferClass::frame)) {}

  /// Takes the blocks that are missing. False when the pool refuses.
  bool prepare(BufferPool& pool);
  /// Describes the blocks, for readv, and returns how many; prepare() has succeeded.
  unsigned describe(iovec* out);
  /// The bytes in front of what was read; until take().
  Bytes lead() const { return small_.bytes().first(lead_); }
  /// Gives the blocks back.
  void release() { small_ = big_ = {}; }
  /// The `size` <= kCapacity bytes that were read behind the lead as a packet; nothing when the pool refuses memory.
  std::optional<Packet> take(std::size_t size, BufferPool& pool);

 private:
  std::uint16_t lead_;
  bool needs_big_;
  Slice small_, big_;
};

}  // namespace leat
