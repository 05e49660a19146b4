// XskQueue: one AF_XDP socket on one queue of an interface, with its memory and its four rings.
//
// The kernel writes into the memory (UMEM). The queue copies each packet into a block of the pool and returns the frame
// at once, so that a slow reader of a connection cannot starve the interface of frames. That block is the only
// allocation. XdpDevice owns the queues.
#pragma once

#include <xdp/xsk.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "device/xdp/frame_memory.h"
#include "packet/packet.h"

namespace leat::xdp {

struct QueueConfig {
  std::string interface;
  unsigned queue = 0;
  std::uint32_t frame_size = 2048;   ///< 2048 or 4096
  std::uint32_t receive_frames = 0;  ///< a power of two
  std::uint32_t send_frames = 0;     ///< a power of two, or 0: this queue only receives
  bool split_frames = false;         ///< a larger packet takes several frames (Linux 6.6)
};

/// The room in front of a received frame (XDP_PACKET_HEADROOM).
inline constexpr std::uint32_t kFrameHeadroom = 256;

class XskQueue {
 public:
  /// Returns an empty object with errno when the kernel refuses.
  static std::unique_ptr<XskQueue> open(const QueueConfig& config);
  ~XskQueue();
  XskQueue(const XskQueue&) = delete;
  XskQueue& operator=(const XskQueue&) = delete;

  int descriptor() const { return ::xsk_socket__fd(socket_); }
  bool is_zero_copy() const;
  /// True once after the interface was removed.
  bool is_unbound() const;

  /// Adds the packets that have arrived, up to the batch's room. The caller derives the offload facts.
  void receive(PacketBatch& batch, BufferPool& pool);
  /// False when the packet is larger than a frame of the socket and frames cannot be joined.
  bool can_carry(const Packet& packet) const { return split_frames_ || packet.size() <= frame_size_; }
  /// Queues packets for sending, from the front, until there is no room. Returns their number.
  std::size_t transmit(std::span<Packet> packets);
  /// Has the kernel send the queued frames. Returns false when some are left.
  bool kick();

  /// Frames lost here: the rings were full or empty, there was no memory, a frame was too large.
  std::uint64_t receive_losses() const;
  /// Frames that the kernel refused to send.
  std::uint64_t send_refusals() const { return statistics().tx_invalid_descs; }

 private:
  explicit XskQueue(const QueueConfig& config);
  int create(const QueueConfig& config);
  void offer_frames(std::uint32_t first, std::uint32_t count);
  std::uint32_t frames_of_packet(std::uint32_t at, std::uint32_t available) const;
  void take(std::uint32_t at, std::uint32_t frames, PacketBatch& batch, BufferPool& pool);
  bool place(Packet& packet);
  void collect_sent();
  xdp_statistics statistics() const;

  FrameMemory memory_;
  std::uint32_t frame_size_;
  bool split_frames_;
  xsk_umem* umem_ = nullptr;
  xsk_socket* socket_ = nullptr;
  xsk_ring_prod fill_{}, send_{};
  xsk_ring_cons sent_{}, received_{};
  std::vector<std::uint64_t> free_;  ///< frames for sending
  std::uint64_t no_memory_ = 0;
};

}  // namespace leat::xdp
