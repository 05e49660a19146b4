// ReceiveBuffer: where one frame of unknown size, 60 bytes or 64 kB, is read into without waste.
//
// A read scatters into a frame-sized block and a 64 kB block behind it. A small frame uses up the first only, and
// the big block waits for the next read; the rest of a middling frame is copied out of it, so that no packet pins
// a 64 kB block that is less than a quarter full.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "packet/packet.h"

struct iovec;

namespace leat {

class ReceiveBuffer {
 public:
  static constexpr std::size_t kCapacity = size_of(BufferClass::frame) + size_of(BufferClass::super);

  /// `largest`: bytes of a frame; where all fit into the first block there is no second.
  explicit ReceiveBuffer(std::size_t largest = kCapacity) : needs_big_(largest > size_of(BufferClass::frame)) {}

  /// Takes the blocks that are missing. False when the pool refuses.
  bool prepare(BufferPool& pool);
  /// Describes both blocks, for readv; prepare() has succeeded.
  void describe(iovec (&out)[2]);
  /// Gives the blocks back.
  void release() { small_ = big_ = {}; }
  /// The `size` <= kCapacity bytes that were read as a packet; nothing when the pool refuses memory.
  std::optional<Packet> take(std::size_t size, BufferPool& pool);

 private:
  bool needs_big_;
  Slice small_, big_;
};

}  // namespace leat
