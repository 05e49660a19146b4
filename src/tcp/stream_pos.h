// Stream positions: 64-bit relative sequence numbers. The SYN is at 0, the first byte of data at 1, the FIN
// after the last byte. Everything inside a connection uses these and ordinary comparisons; only the edge
// (TcpConnection) speaks SeqNum.
#pragma once

#include <cstdint>

#include "wire/seq.h"

namespace leat {

using StreamPos = std::int64_t;

// A position that is always near another one can be kept in its last 32 bits.
/// The distance from the position near `to` whose last 32 bits are `from`.
constexpr std::int32_t distance(std::uint32_t from, StreamPos to) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(to) - from);
}
/// The position nearest to `reference` whose last bits are `low`.
constexpr StreamPos nearest(StreamPos reference, std::uint32_t low) { return reference - distance(low, reference); }

/// Converts between positions and one direction's sequence numbers.
class SeqMap {
 public:
  SeqMap() = default;
  explicit SeqMap(SeqNum initial) : initial_(initial) {}

  SeqNum initial() const { return initial_; }
  SeqNum to_wire(StreamPos pos) const { return initial_ + static_cast<std::uint32_t>(pos); }
  /// The position nearest to `reference` that has this number; may be negative (older than the SYN).
  StreamPos from_wire(SeqNum seq, StreamPos reference) const { return reference + (seq - to_wire(reference)); }

 private:
  SeqNum initial_;
};

}  // namespace leat
