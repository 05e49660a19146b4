#include "device/xdp/xsk_queue.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "device/kernel_socket_options.h"

namespace leat::xdp {
namespace {

// Of Linux 6.6, newer than the headers of some systems that run it.
constexpr std::uint16_t kUseSplitFrames = 1 << 4;  // XDP_USE_SG
constexpr std::uint32_t kGoesOn = 1 << 0;          // XDP_PKT_CONTD
// Frames that are read together: a super-segment takes up to 37 of them.
constexpr std::uint32_t kBurst = 128;
constexpr int kSendQueueBytes = 16 << 20;
// Frames that the kernel sends in one call: 32, unless it takes another number (Linux 6.17).
constexpr int kSendBudgetOption = 9;  // XDP_MAX_TX_SKB_BUDGET
constexpr int kSendBudget = 256;
constexpr int kMostKicks = 64;

constexpr std::size_t kLargestPacket = std::size_t{size_of(BufferClass::frame)} + size_of(BufferClass::super);

/// A packet of `size` uninitialised bytes, in one block if possible.
bool make_room(Packet& packet, std::size_t size, BufferPool& pool) {
  const std::size_t head = size <= size_of(BufferClass::super) ? size : size_of(BufferClass::frame);
  for (const std::size_t part : {head, size - head}) {
    if (part == 0) continue;
    Slice slice = pool.allocate(class_for(part), 0, part);
    if (!slice) return false;
    packet.append(std::move(slice));
  }
  return true;
}

}  // namespace

XskQueue::XskQueue(const QueueConfig& config)
    : memory_(config.receive_frames + config.send_frames, config.frame_size),
      frame_size_(config.frame_size),
      split_frames_(config.split_frames) {}

XskQueue::~XskQueue() {
  if (socket_ != nullptr) ::xsk_socket__delete(socket_);
  if (umem_ != nullptr) ::xsk_umem__delete(umem_);
}

std::unique_ptr<XskQueue> XskQueue::open(const QueueConfig& config) {
  std::unique_ptr<XskQueue> queue(new XskQueue(config));
  const int failure = queue->memory_ ? -queue->create(config) : ENOMEM;
  if (failure == 0) return queue;
  queue.reset();
  errno = failure;
  return nullptr;
}

/// 0, or an error number below it.
int XskQueue::create(const QueueConfig& config) {
  xsk_umem_config area{};
  area.fill_size = config.receive_frames;
  area.comp_size = std::max(config.send_frames, 1u);
  area.frame_size = config.frame_size;
  const int made = ::xsk_umem__create(&umem_, memory_.data(), memory_.size(), &fill_, &sent_, &area);
  if (made != 0) return made;
  xsk_socket_config options{};
  options.rx_size = config.receive_frames;
  options.tx_size = config.send_frames / 2;  // those in the ring, and those that the kernel has taken from it
  options.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
  // Neither XDP_ZEROCOPY nor XDP_COPY: the kernel takes the best that the driver has.
  options.bind_flags = static_cast<std::uint16_t>(XDP_USE_NEED_WAKEUP | (split_frames_ ? kUseSplitFrames : 0));
  const int bound = ::xsk_socket__create(&socket_, config.interface.c_str(), config.queue, umem_, &received_,
                                         config.send_frames > 0 ? &send_ : nullptr, &options);
  if (bound != 0) return bound;
  enlarge_send_queue(descriptor(), kSendQueueBytes);
  (void)set_option(descriptor(), SOL_XDP, kSendBudgetOption, kSendBudget);
  offer_frames(0, config.receive_frames);
  free_.reserve(config.send_frames);
  for (std::uint32_t i = 0; i < config.send_frames; ++i) {
    free_.push_back(std::uint64_t{config.receive_frames + i} * frame_size_);
  }
  return 0;
}

/// Frames by their number.
void XskQueue::offer_frames(std::uint32_t first, std::uint32_t count) {
  std::uint32_t at = 0;
  if (::xsk_ring_prod__reserve(&fill_, count, &at) != count) return;
  for (std::uint32_t i = 0; i < count; ++i) {
    *::xsk_ring_prod__fill_addr(&fill_, at + i) = std::uint64_t{first + i} * frame_size_;
  }
  ::xsk_ring_prod__submit(&fill_, count);
}

bool XskQueue::is_zero_copy() const {
  xdp_options options{};
  socklen_t size = sizeof options;
  return ::getsockopt(descriptor(), SOL_XDP, XDP_OPTIONS, &options, &size) == 0 &&
         (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
}

bool XskQueue::is_unbound() const {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == ENETDOWN;
}

// Up.

void XskQueue::receive(PacketBatch& batch, BufferPool& pool) {
  std::uint32_t at = 0, used = 0;
  const std::uint32_t available = ::xsk_ring_cons__peek(&received_, kBurst, &at);
  while (used < available && !batch.full()) {
    const std::uint32_t frames = frames_of_packet(at + used, available - used);
    if (frames == 0) break;
    take(at + used, frames, batch, pool);
    used += frames;
  }
  ::xsk_ring_cons__cancel(&received_, available - used);
  std::uint32_t to = 0;
  // There is room: the ring is as large as all frames together.
  if (used > 0 && ::xsk_ring_prod__reserve(&fill_, used, &to) == used) {
    for (std::uint32_t i = 0; i < used; ++i) {
      const std::uint64_t frame = ::xsk_ring_cons__rx_desc(&received_, at + i)->addr;
      *::xsk_ring_prod__fill_addr(&fill_, to + i) = frame / frame_size_ * frame_size_;
    }
    ::xsk_ring_prod__submit(&fill_, used);
    ::xsk_ring_cons__release(&received_, used);
  }
  if (::xsk_ring_prod__needs_wakeup(&fill_) != 0) {
    (void)::recvfrom(descriptor(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
  }
}

/// Returns 0 when the last frame of the packet is not available yet.
std::uint32_t XskQueue::frames_of_packet(std::uint32_t at, std::uint32_t available) const {
  if (!split_frames_) return 1;
  for (std::uint32_t i = 0; i < available; ++i) {
    if ((::xsk_ring_cons__rx_desc(&received_, at + i)->options & kGoesOn) == 0) return i + 1;
  }
  return 0;
}

void XskQueue::take(std::uint32_t at, std::uint32_t frames, PacketBatch& batch, BufferPool& pool) {
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < frames; ++i) size += ::xsk_ring_cons__rx_desc(&received_, at + i)->len;
  Packet& packet = batch.add();
  if (size == 0 || size > kLargestPacket || !make_room(packet, size, pool)) {
    ++no_memory_;
    return batch.drop_last();
  }
  std::size_t slice = 0;
  MutableBytes room = packet.slices()[0].mutable_bytes();
  for (std::uint32_t i = 0; i < frames; ++i) {
    const xdp_desc& frame = *::xsk_ring_cons__rx_desc(&received_, at + i);
    Bytes bytes(memory_.at(frame.addr), frame.len);
    while (!bytes.empty()) {
      if (room.empty()) room = packet.slices()[++slice].mutable_bytes();
      const std::size_t n = std::min(bytes.size(), room.size());
      std::memcpy(room.data(), bytes.data(), n);
      room = room.subspan(n);
      bytes = bytes.subspan(n);
    }
  }
}

// Down.

std::size_t XskQueue::transmit(std::span<Packet> packets) {
  collect_sent();
  const std::uint32_t before = send_.cached_prod;
  std::size_t taken = 0;
  while (taken < packets.size() && can_carry(packets[taken]) && place(packets[taken])) ++taken;
  const std::uint32_t frames = send_.cached_prod - before;
  if (frames > 0) ::xsk_ring_prod__submit(&send_, frames);
  return taken;
}

/// Copies a packet into frames on the ring, without submitting it. Returns false when there is no room.
bool XskQueue::place(Packet& packet) {
  const std::size_t needed = (packet.size() + frame_size_ - 1) / frame_size_;
  std::uint32_t at = 0;
  if (needed == 0) return true;
  if (free_.size() < needed) return false;
  if (::xsk_ring_prod__reserve(&send_, static_cast<std::uint32_t>(needed), &at) != needed) return false;
  std::size_t left = packet.size();
  MutableBytes room;
  std::uint32_t next = at;
  for (const Slice& slice : packet.slices()) {
    Bytes bytes = slice.bytes();
    while (!bytes.empty()) {
      if (room.empty()) {
        const std::uint32_t length = static_cast<std::uint32_t>(std::min<std::size_t>(left, frame_size_));
        const std::uint64_t frame = free_.back();
        free_.pop_back();
        left -= length;
        *::xsk_ring_prod__tx_desc(&send_, next++) = {frame, length, left > 0 ? kGoesOn : 0};
        room = {memory_.at(frame), length};
      }
      const std::size_t n = std::min(bytes.size(), room.size());
      std::memcpy(room.data(), bytes.data(), n);
      room = room.subspan(n);
      bytes = bytes.subspan(n);
    }
  }
  return true;
}

void XskQueue::collect_sent() {
  std::uint32_t at = 0;
  const std::uint32_t count = ::xsk_ring_cons__peek(&sent_, sent_.size, &at);
  for (std::uint32_t i = 0; i < count; ++i) free_.push_back(*::xsk_ring_cons__comp_addr(&sent_, at + i));
  if (count > 0) ::xsk_ring_cons__release(&sent_, count);
}

bool XskQueue::kick() {
  const auto unsent = [this] { return send_.cached_prod - __atomic_load_n(send_.consumer, __ATOMIC_ACQUIRE); };
  std::uint32_t before = unsent();
  for (int i = 0; i < kMostKicks && before > 0 && ::xsk_ring_prod__needs_wakeup(&send_) != 0; ++i) {
    const ssize_t sent = ::sendto(descriptor(), nullptr, 0, MSG_DONTWAIT, nullptr, 0);
    if (sent < 0 && errno != EAGAIN && errno != EBUSY && errno != EINTR && errno != ENOBUFS) return true;
    const std::uint32_t after = unsent();
    if (sent >= 0 || after == before) return after == 0 || ::xsk_ring_prod__needs_wakeup(&send_) == 0;
    before = after;
    collect_sent();
  }
  return before == 0 || ::xsk_ring_prod__needs_wakeup(&send_) == 0;
}

// Counters.

xdp_statistics XskQueue::statistics() const {
  xdp_statistics statistics{};
  socklen_t size = sizeof statistics;
  (void)::getsockopt(descriptor(), SOL_XDP, XDP_STATISTICS, &statistics, &size);
  return statistics;
}

std::uint64_t XskQueue::receive_losses() const {
  const xdp_statistics s = statistics();
  return s.rx_dropped + s.rx_ring_full + no_memory_;  // rx_dropped counts an empty fill ring, too
}

}  // namespace leat::xdp
