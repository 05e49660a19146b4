#include "device/xdp/xdp_device.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "device/af_packet.h"
#include "device/interface_watch.h"
#include "device/unique_fd.h"
#include "device/untold_offload.h"
#include "device/xdp/redirect_program.h"
#include "device/xdp/xsk_queue.h"
#include "wire/ethernet.h"

namespace leat::xdp {
namespace {

constexpr std::uint32_t kSmallFrame = 2048, kLargeFrame = 4096;
constexpr std::uint32_t kSendFrames = 2048;
// For bursts, divided among the queues.
constexpr unsigned kReceiveFrames = 4096, kLeastReceiveFrames = 512;
// When frames come without a pause, what is beside the queues is looked at only this often.
constexpr unsigned kBatchesBetweenLooks = 32;

// One second.
constexpr int kMostTries = 100;
constexpr unsigned kMicrosecondsBetweenTries = 10'000;

/// Everything that is open, in the order of making.
struct Parts {
  RedirectProgram program;
  Mode mode = Mode::generic;
  bool splits_frames = false;
  std::vector<std::unique_ptr<XskQueue>> queues;  ///< the first one sends
  std::optional<InterfaceWatch> watch;            ///< with an address of our own
  std::unique_ptr<Device> copies;                 ///< on a shared address: packets that the kernel needs as well
  UniqueFd ready;
};

class XdpDevice final : public Device {
 public:
  XdpDevice(Parts parts, DeviceCaps caps, std::vector<IpAddress> addresses, std::string description)
      : parts_(std::move(parts)), caps_(caps), addresses_(std::move(addresses)), description_(std::move(description)) {}

  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void transmit(PacketBatch& batch) override;
  int descriptor() const override { return parts_.ready.get(); }
  int write_descriptor() const override { return -1; }
  DeviceCounters counters() const override;
  std::string description() const override { return description_; }
  expected<std::uint16_t, Error> claim_port(const IpAddress& address, std::uint16_t port) override;
  void release_port(std::uint16_t port) override;

 private:
  expected<void, Error> look_beside(PacketBatch& batch, BufferPool& pool);
  void watch_for_room(bool wanted);
  XskQueue& sender() { return *parts_.queues.front(); }

  Parts parts_;
  DeviceCaps caps_;
  std::vector<IpAddress> addresses_;
  std::string description_;
  DeviceCounters counters_;
  std::size_t first_ = 0;  ///< the queue to look at first, in turn
  unsigned batches_ = 0;   ///< since the last look beside
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
  if (parts_.copies) {
    auto received = parts_.copies->receive(batch, pool);
    is_gone_ = is_gone_ || !received;
  } else {
    is_gone_ = is_gone_ || parts_.watch->sees_removal();
  }
  is_gone_ = is_gone_ || sender().is_unbound();
  if (is_gone_) return unexpected(Error::no_device);
  return {};
}

DeviceCounters XdpDevice::counters() const {
  DeviceCounters result = counters_;
  for (const auto& queue : parts_.queues) result.rx_dropped += queue->receive_losses();
  result.tx_refused += parts_.queues.front()->send_refusals();
  if (!parts_.copies) return result;
  const DeviceCounters copies = parts_.copies->counters();
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
  (void)::epoll_ctl(parts_.ready.get(), EPOLL_CTL_MOD, sender().descriptor(), &event);
}

// Ports of a shared address.

expected<std::uint16_t, Error> XdpDevice::claim_port(const IpAddress& address, std::uint16_t port) {
  if (!parts_.copies) return unexpected(Error::unsupported);
  const auto claimed = parts_.copies->claim_port(address, port);
  if (!claimed) return claimed;
  // "All addresses" is not taken literally: datagrams that this machine forwards are not ours.
  for (const IpAddress& ours : addresses_) {
    if (!address.is_unspecified() && address != ours) continue;
    if (parts_.program.take(ours, *claimed)) continue;
    release_port(*claimed);
    return unexpected(Error::no_buffers);
  }
  return claimed;
}

void XdpDevice::release_port(std::uint16_t port) {
  if (!parts_.copies) return;
  for (const IpAddress& ours : addresses_) (void)parts_.program.give_back(ours, port);
  parts_.copies->release_port(port);
}

// Opening.

/// How many queues frames come in by.
unsigned receive_queues(const std::string& interface) {
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request{};
  std::copy_n(interface.begin(), std::min<std::size_t>(interface.size(), IFNAMSIZ - 1), request.ifr_name);
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (::ioctl(control.get(), SIOCETHTOOL, &request) != 0) return 1;
  return std::max(1u, channels.combined_count + channels.rx_count);
}

unexpected<DeviceError> queue_refused(const std::string& interface, unsigned queue) {
  const int reason = errno;
  const std::string which = "queue " + std::to_string(queue) + " of " + interface;
  if (reason == EBUSY) {
    return device_failure(Error::address_in_use,
                          which + " is in use by another AF_XDP program: end that, or use packet:" + interface);
  }
  if (reason == EPERM || reason == EACCES) {
    return device_failure(Error::not_permitted, "may not use AF_XDP on " + which + ": " + advice_for_xdp());
  }
  if (reason == ENOBUFS || reason == ENOMEM) {
    return device_failure(Error::no_buffers, "no memory for the frames of " + which +
                                                 ": raise the limit (`ulimit -l`), or " + advice_for_xdp());
  }
  return device_failure(Error::unsupported, "AF_XDP does not work on " + which + ": " + std::strerror(reason) +
                                                "; use packet:" + interface);
}

bool exceeds_a_frame(std::uint32_t mtu) { return mtu + EthernetHeader::kSize > kLargeFrame - kFrameHeadroom; }

/// The kernel frees a queue a moment after the socket there before was closed.
std::unique_ptr<XskQueue> open_patiently(const QueueConfig& config) {
  auto opened = XskQueue::open(config);
  for (int i = 0; !opened && errno == EBUSY && i < kMostTries; ++i) {
    ::usleep(kMicrosecondsBetweenTries);
    opened = XskQueue::open(config);
  }
  return opened;
}

expected<void, DeviceError> open_queues(Parts& parts, QueueConfig config, std::uint32_t mtu, unsigned first,
                                        unsigned count) {
  config.receive_frames = std::bit_floor(std::max(kReceiveFrames / count, kLeastReceiveFrames));
  for (unsigned queue = first; queue < first + count; ++queue) {
    config.queue = queue;
    config.send_frames = queue == first ? kSendFrames : 0;
    auto opened = open_patiently(config);
    if (!opened && errno == EINVAL && config.split_frames && !exceeds_a_frame(mtu)) {  // before Linux 6.6
      config.split_frames = false;
      opened = open_patiently(config);
    }
    if (!opened) return queue_refused(config.interface, queue);
    if (!parts.program.set_socket(queue, opened->descriptor())) return queue_refused(config.interface, queue);
    parts.queues.push_back(std::move(opened));
  }
  parts.splits_frames = config.split_frames;
  return {};
}

bool watch_all(Parts& parts) {
  parts.ready = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<int> all{parts.copies ? parts.copies->descriptor() : parts.watch->descriptor()};
  for (const auto& queue : parts.queues) all.push_back(queue->descriptor());
  return parts.ready && std::all_of(all.begin(), all.end(), [&](int fd) {
           epoll_event event{};
           event.events = EPOLLIN;
           return ::epoll_ctl(parts.ready.get(), EPOLL_CTL_ADD, fd, &event) == 0;
         });
}

std::string describe(const Parts& parts) {
  std::string text = parts.mode == Mode::native ? "native XDP" : "generic XDP";
  text += parts.queues.front()->is_zero_copy() ? ", zero copy" : ", copy mode";
  text += ", " + std::to_string(parts.queues.size()) + (parts.queues.size() == 1 ? " queue" : " queues");
  if (parts.mode == Mode::native) return text;
  if (!parts.splits_frames) text += ", loses what GRO joins (`ethtool -K` can switch it off)";
  text += " (native: " + parts.program.refusal() + ")";
  return text;
}

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> open_xdp_device(const XdpTarget& target, const InterfaceInfo& info,
                                                               const DeviceOptions& options) {
  const std::string& interface = target.interface;
  const unsigned available = receive_queues(interface);
  if (target.queue.value_or(0) >= available) {
    return device_failure(Error::invalid_argument, interface + " has no queue " + std::to_string(*target.queue) +
                                                       ": its queues are 0 to " + std::to_string(available - 1) +
                                                       " (`ethtool -l " + interface +
                                                       "`); without a number all are used");
  }
  DeviceCaps caps;
  caps.mtu = info.mtu;
  caps.shares_host_address = options.shares_host_address;
  caps.mac = options.mac && !caps.shares_host_address ? *options.mac : info.mac;
  auto program = RedirectProgram::load(interface, *caps.mac, available);
  if (!program) return unexpected(program.error());
  Parts parts;
  parts.program = std::move(*program);
  const auto mode = parts.program.attach(interface, info.index);
  if (!mode) return unexpected(mode.error());
  parts.mode = *mode;
  QueueConfig config;
  config.interface = interface;
  // A generic program comes after the kernel has joined segments.
  config.split_frames = *mode == Mode::generic || exceeds_a_frame(info.mtu);
  const bool is_small = !config.split_frames && info.mtu + EthernetHeader::kSize <= kSmallFrame - kFrameHeadroom;
  config.frame_size = is_small ? kSmallFrame : kLargeFrame;
  const auto opened = open_queues(parts, config, info.mtu, target.queue.value_or(0), target.queue ? 1 : available);
  if (!opened) return unexpected(opened.error());
  if (caps.shares_host_address) {
    auto copies = open_af_packet(interface, options);
    if (!copies) return copies;
    parts.copies = std::move(*copies);
  } else {
    parts.watch = InterfaceWatch::open(info.index, *caps.mac != info.mac);
    if (!parts.watch) return queue_refused(interface, target.queue.value_or(0));
    for (const IpAddress& address : options.addresses) {
      if (!parts.program.take(address, 0)) return queue_refused(interface, target.queue.value_or(0));
    }
  }
  if (!watch_all(parts)) return queue_refused(interface, target.queue.value_or(0));
  std::string description = describe(parts);
  return std::unique_ptr<Device>(
      std::make_unique<XdpDevice>(std::move(parts), caps, options.addresses, std::move(description)));
}

}  // namespace leat::xdp
