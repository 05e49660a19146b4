#include "device/xdp/xdp_device.h"

#include <sys/epoll.h>

#include <algorithm>
#include <vector>

#include "device/unique_fd.h"
#include "device/untold_offload.h"
#include "wire/ethernet.h"

namespace leat::xdp {
namespace {

// While frames arrive without a pause, the sources besides the queues are checked once in this many batches.
constexpr unsigned kBatchesBetweenLooks = 32;

class XdpDevice final : public Device {
 public:
  /// `ready`: an epoll instance with all descriptors of the device.
  XdpDevice(XdpParts parts, const DeviceCaps& caps, UniqueFd ready)
      : parts_(std::move(parts)), caps_(caps), ready_(std::move(ready)) {}
  ~XdpDevice() override {
    if (parts_.shared) parts_.shared->leave(parts_.core);
  }

  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void transmit(PacketBatch& batch) override;
  int descriptor() const override { return ready_.get(); }
  int write_descriptor() const override { return -1; }
  DeviceCounters counters() const override;
  std::string description() const override { return parts_.description; }
  expected<std::uint16_t, Error> claim_port(const IpAddress& address, std::uint16_t port) override;
  void release_port(std::uint16_t port) override;

 private:
  expected<void, Error> look_beside(PacketBatch& batch, BufferPool& pool);
  void watch_for_room(bool wanted);
  XskQueue& sender() { return *parts_.queues.front(); }

  XdpParts parts_;
  DeviceCaps caps_;
  UniqueFd ready_;
  DeviceCounters counters_;
  std::size_t first_ = 0;  ///< the queue to read first; it rotates
  unsigned batches_ = 0;   ///< batches since the other sources were checked
  bool waits_for_room_ = false, is_gone_ = false;
};

// Up.

expected<void, Error> XdpDevice::receive(PacketBatch& batch, BufferPool& pool) {
  if (waits_for_room_) watch_for_room(!sender().kick());
  const std::size_t before = batch.size();
  for (std::size_t i = 0; i < parts_.queues.size() && !batch.full(); ++i) {
    parts_.queues[(first_ + i) % parts_.queues.size()]->receive(batch, pool);
  }
  ++first_;
  for (Packet& packet : batch.packets().subspan(before)) {
    packet.offload = untold_offload(packet, EthernetHeader::kSize, caps_.mtu);
    count_offloads(packet.offload, counters_);
    ++counters_.rx_packets;
    counters_.rx_bytes += packet.size();
  }
  if (batch.size() > before && ++batches_ < kBatchesBetweenLooks) return {};
  batches_ = 0;
  return look_beside(batch, pool);
}

expected<void, Error> XdpDevice::look_beside(PacketBatch& batch, BufferPool& pool) {
  const bool removed = parts_.watch ? parts_.watch->sees_removal() : !parts_.shared->receive(batch, pool);
  is_gone_ = is_gone_ || removed || sender().is_unbound();
  if (is_gone_) return unexpected(Error::no_device);
  return {};
}

DeviceCounters XdpDevice::counters() const {
  DeviceCounters result = counters_;
  for (const auto& queue : parts_.queues) result.rx_dropped += queue->receive_losses();
  result.tx_refused += parts_.queues.front()->send_refusals();
  if (parts_.watch) return result;
  const DeviceCounters copies = parts_.shared->counters();
  result.rx_packets += copies.rx_packets;
  result.rx_bytes += copies.rx_bytes;
  result.rx_dropped += copies.rx_dropped;
  result.rx_partial_checksums += copies.rx_partial_checksums;
  result.rx_super_segments += copies.rx_super_segments;
  return result;
}

// Down.

void XdpDevice::transmit(PacketBatch& batch) {
  const std::span<Packet> packets = batch.packets();
  if (is_gone_) {
    counters_.tx_refused += packets.size();
    return batch.clear();
  }
  std::size_t done = 0;
  bool sent = true;
  while (done < packets.size()) {
    if (!sender().can_carry(packets[done])) {
      ++counters_.tx_refused;
      ++done;
      continue;
    }
    const std::size_t taken = sender().transmit(packets.subspan(done));
    sent = sender().kick();
    if (taken == 0) break;
    for (const Packet& packet : packets.subspan(done, taken)) counters_.tx_bytes += packet.size();
    counters_.tx_packets += taken;
    done += taken;
  }
  if (done < packets.size() || !sent) watch_for_room(true);
  batch.remove_front(done);
}

void XdpDevice::watch_for_room(bool wanted) {
  if (waits_for_room_ == wanted) return;
  waits_for_room_ = wanted;
  epoll_event event{};
  event.events = EPOLLIN | (wanted ? EPOLLOUT : 0u);
  (void)::epoll_ctl(ready_.get(), EPOLL_CTL_MOD, sender().descriptor(), &event);
}

// Ports of a shared address.

expected<std::uint16_t, Error> XdpDevice::claim_port(const IpAddress& address, std::uint16_t port) {
  if (!parts_.shared) return unexpected(Error::unsupported);
  return parts_.shared->claim(parts_.core, address, port);
}

void XdpDevice::release_port(std::uint16_t port) {
  if (parts_.shared) parts_.shared->release(parts_.core, port);
}

}  // namespace

std::unique_ptr<Device> make_xdp_device(XdpParts parts, const DeviceCaps& caps) {
  UniqueFd ready(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<int> all{parts.watch ? parts.watch->descriptor() : parts.shared->descriptor()};
  for (const auto& queue : parts.queues) all.push_back(queue->descriptor());
  const bool watched = ready && std::all_of(all.begin(), all.end(), [&](int fd) {
                         epoll_event event{};
                         event.events = EPOLLIN;
                         return ::epoll_ctl(ready.get(), EPOLL_CTL_ADD, fd, &event) == 0;
                       });
  if (!watched) return nullptr;
  return std::make_unique<XdpDevice>(std::move(parts), caps, std::move(ready));
}

}  // namespace leat::xdp
