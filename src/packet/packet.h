// Packet: a frame, datagram or super-segment that is received or sent. It is a short list of slices and the offload
// facts for the device (Offload). PacketBatch: up to 64 packets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "packet/buffer.h"
#include "packet/packet_note.h"

namespace leat {

/// The state of the transport checksum.
enum class ChecksumState : std::uint8_t {
  unchecked,  ///< the field is filled in and not verified
  verified,   ///< the device has verified it
  partial,    ///< the field holds the sum of the pseudo-header; a device completes it, if needed
};

/// Facts about the packet beside its bytes. They are those of struct virtio_net_hdr.
struct Offload {
  ChecksumState checksum = ChecksumState::unchecked;
  std::uint16_t checksum_start = 0;   ///< partial only: start of the sum, from the first byte of the packet
  std::uint16_t checksum_offset = 0;  ///< partial only: position of the field, from checksum_start
  std::uint16_t header_length = 0;    ///< super-segments only: link + IP + TCP headers
  std::uint16_t gso_size = 0;         ///< payload bytes of each segment of a super-segment, otherwise 0
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

  /// Appends a slice. has_room() must be true.
  void append(Slice slice) {
    LEAT_ASSERT(has_room());
    size_ += slice.size();
    slices_[count_++] = std::move(slice);
  }
  /// Extends the last slice by `next`, if the bytes of `next` follow it in the same block.
  bool extend_last(const Slice& next) {
    if (count_ == 0 || !slices_[count_ - 1].is_followed_by(next)) return false;
    slices_[count_ - 1].extend_back(next.size());
    size_ += next.size();
    return true;
  }
  /// The bytes of the first slice, where headers are read.
  Bytes front() const { return count_ == 0 ? Bytes{} : slices_[0].bytes(); }
  /// Makes the first `n` bytes contiguous, by a copy if necessary. Returns false, and leaves the packet unchanged, if
  /// it is shorter or the pool refuses.
  bool linearize(std::size_t n, BufferPool& pool) { return front().size() >= n || gather(n, pool); }
  /// Removes `n` <= size() bytes from the front, and releases empty slices.
  void remove_front(std::size_t n) {
    if (count_ == 0 || n >= slices_[0].size()) return remove_slices(n);
    slices_[0].remove_front(n);
    size_ -= n;
  }
  /// Shortens the packet to `size` bytes, for example to remove Ethernet padding.
  void truncate(std::size_t size) {
    if (size != size_) cut(size);
  }
  /// Adds `n` header bytes in front and returns them. The first slice must have the headroom.
  MutableBytes push_front(std::size_t n) {
    slices_[0].extend_front(n);
    size_ += n;
    return slices_[0].mutable_bytes().first(n);
  }
  /// Copies out.size() bytes, beginning at `from`. Returns false if there are fewer.
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

/// Packets that are handled together, in one virtual call and one pass over the stack.
class PacketBatch {
 public:
  static constexpr std::size_t kCapacity = 64;

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == kCapacity; }
  std::size_t room() const { return kCapacity - count_; }
  /// Appends a packet. Must not be called if full().
  void push(Packet&& packet) {
    LEAT_ASSERT(!full());
    packets_[count_++] = std::move(packet);
  }
  /// Appends an empty packet, to be filled in place, which saves two moves. Must not be called if full().
  Packet& add() {
    LEAT_ASSERT(!full());
    return packets_[count_++];
  }
  /// Removes the last packet.
  void drop_last() { packets_[--count_].clear(); }
  std::span<Packet> packets() { return {packets_.data(), count_}; }
  Packet* begin() { return packets_.data(); }
  Packet* end() { return packets_.data() + count_; }
  /// Removes the first `n` packets.
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
