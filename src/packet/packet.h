// Packet: one frame, datagram or super-segment on its way up or down, as a short list of slices, with
// what a device knows or shall do about it (Offload). PacketBatch: up to 64 of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "packet/buffer.h"
#include "packet/packet_note.h"

namespace leat {

/// What is known of the transport checksum.
enum class ChecksumState : std::uint8_t {
  unchecked,  ///< the field is filled in; nobody looked yet
  verified,   ///< the device says that it is right
  partial,    ///< the field holds the pseudo-header's sum; the bytes never crossed a wire, or a device fills it in
};

/// Facts that travel beside the bytes (those of struct virtio_net_hdr, without its layout).
struct Offload {
  ChecksumState checksum = ChecksumState::unchecked;
  std::uint16_t checksum_start = 0;   ///< partial only: where the sum begins, from the packet's first byte
  std::uint16_t checksum_offset = 0;  ///< partial only: where the field is, from checksum_start
  std::uint16_t header_length = 0;    ///< super-segments only: link + IP + TCP headers
  std::uint16_t gso_size = 0;         ///< payload bytes a segment when this is a super-segment, else 0
};

class Packet {
 public:
  static constexpr std::size_t kMaxSlices = 8;

  Packet() = default;
  explicit Packet(Slice first) { append(std::move(first)); }
  Packet(Packet&& other) noexcept { take(other); }
  Packet& operator=(Packet&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;
  ~Packet() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<Slice> slices() { return {slices_.data(), count_}; }
  std::span<const Slice> slices() const { return {slices_.data(), count_}; }
  bool has_room() const { return count_ < kMaxSlices; }

  /// Adds a slice at the end; has_room() must hold.
  void append(Slice slice) {
    LEAT_ASSERT(has_room());
    size_ += slice.size();
    slices_[count_++] = std::move(slice);
  }
  /// Lengthens the last slice by `next`, when the bytes of `next` follow its own in the same block.
  bool extend_last(const Slice& next) {
    if (count_ == 0 || !slices_[count_ - 1].is_followed_by(next)) return false;
    slices_[count_ - 1].extend_back(next.size());
    size_ += next.size();
    return true;
  }
  /// The first slice's bytes: where headers are read.
  Bytes front() const { return count_ == 0 ? Bytes{} : slices_[0].bytes(); }
  /// Makes the first `n` bytes contiguous, copying when they are not. False when the packet is shorter
  /// or the pool refuses; the packet is unchanged then.
  bool linearize(std::size_t n, BufferPool& pool) { return front().size() >= n || gather(n, pool); }
  /// Removes `n` <= size() bytes from the front; emptied slices are let go.
  void remove_front(std::size_t n) {
    if (count_ == 0 || n >= slices_[0].size()) return remove_slices(n);
    slices_[0].remove_front(n);
    size_ -= n;
  }
  /// Shortens to `size` bytes (Ethernet padding, a datagram shorter than its frame).
  void truncate(std::size_t size) {
    if (size != size_) cut(size);
  }
  /// Makes room for `n` header bytes in front and returns them; the first slice must have the headroom.
  MutableBytes push_front(std::size_t n) {
    slices_[0].extend_front(n);
    size_ += n;
    return slices_[0].mutable_bytes().first(n);
  }
  /// Copies `out.size()` bytes from `from` on; false when there are fewer.
  bool copy_out(std::size_t from, MutableBytes out) const;
  void clear();

  Offload offload;
  PacketNote note;

 private:
  bool gather(std::size_t n, BufferPool& pool);
  void remove_slices(std::size_t n);
  void cut(std::size_t size);
  void take(Packet& other) noexcept {
    for (std::size_t i = 0; i < other.count_; ++i) slices_[i] = std::move(other.slices_[i]);
    count_ = std::exchange(other.count_, std::uint8_t{0});
    size_ = std::exchange(other.size_, 0);
    offload = std::exchange(other.offload, {});
    note = std::exchange(other.note, {});
  }
  std::array<Slice, kMaxSlices> slices_;
  std::size_t size_ = 0;
  std::uint8_t count_ = 0;
};

/// Packets that travel together: one virtual call, one pass over the stack.
class PacketBatch {
 public:
  static constexpr std::size_t kCapacity = 64;

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == kCapacity; }
  std::size_t room() const { return kCapacity - count_; }
  /// Not when full().
  void push(Packet&& packet) {
    LEAT_ASSERT(!full());
    packets_[count_++] = std::move(packet);
  }
  /// The next place, an empty packet to be filled there: spares two moves. Not when full().
  Packet& add() {
    LEAT_ASSERT(!full());
    return packets_[count_++];
  }
  /// Gives the last place up.
  void drop_last() { packets_[--count_].clear(); }
  std::span<Packet> packets() { return {packets_.data(), count_}; }
  Packet* begin() { return packets_.data(); }
  Packet* end() { return packets_.data() + count_; }
  /// Drops the first `n` packets and moves the others up.
  void remove_front(std::size_t n) {
    for (std::size_t i = n; i < count_; ++i) packets_[i - n] = std::move(packets_[i]);
    for (std::size_t i = count_ - n; i < count_; ++i) packets_[i].clear();
    count_ -= n;
  }
  void clear() { remove_front(count_); }

 private:
  std::array<Packet, kCapacity> packets_;
  std::size_t count_ = 0;
};

}  // namespace leat
