#include "device/af_packet.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "device/interface_info.h"
#include "device/interface_watch.h"
#include "device/kernel_socket_options.h"
#include "device/outgoing_frame.h"
#include "device/port_claims.h"
#include "device/port_filter.h"
#include "device/receive_buffer.h"
#include "device/system_random.h"
#include "device/unique_fd.h"
#include "device/virtio_header.h"
#include "wire/ethernet.h"

namespace leat {
namespace {

// Frames for each system call: enough to make its cost small, few enough to bound the 64 kB blocks that wait.
constexpr std::size_t kFramesARead = 16;
// Room for bursts of super-segments; the default holds only a few of them.
constexpr int kReceiveQueueBytes = 32 << 20;
constexpr int kPacketSendQueueBytes = 4 << 20;
constexpr unsigned kVlanIdMask = 0x0fff;

class PacketDevice final : public Device {
 public:
  PacketDevice(UniqueFd fd, int interface_index, DeviceCaps caps)
      : fd_(std::move(fd)),
        interface_index_(interface_index),
        caps_(caps),
        filter_(fd_.get(), PortFilter::Kind::frames, caps.mac.value_or(MacAddress{})) {}

  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void transmit(PacketBatch& batch) override;
  int descriptor() const override { return fd_.get(); }
  DeviceCounters counters() const override;
  expected<std::uint16_t, Error> claim_port(const IpAddress& address, std::uint16_t port) override;
  void release_port(std::uint16_t port) override;

 private:
  struct Arrival {
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(tpacket_auxdata))> control;
    std::array<iovec, 2> parts;
    ReceiveBuffer buffer{ReceiveBuffer::kCapacity, kVirtioHeaderSize};
  };
  std::size_t prepare(std::size_t wanted, BufferPool& pool);
  void take(Arrival& arrival, const mmsghdr& message, PacketBatch& batch, BufferPool& pool);
  bool concerns_us(Bytes frame) const;
  int receive_frames(std::size_t wanted);
  bool is_gone(int reason) const;

  UniqueFd fd_;
  int interface_index_;
  DeviceCaps caps_;
  PortClaims claims_;  ///< empty unless the address is shared
  PortFilter filter_;
  mutable DeviceCounters counters_;
  std::array<Arrival, kFramesARead> arrivals_;
  std::array<mmsghdr, kFramesARead> messages_;
  std::array<OutgoingFrame, PacketBatch::kCapacity> outgoing_;
};

/// True when the frame carried a VLAN tag, which the kernel has removed. Tag 0 is only a priority (IEEE 802.1p).
bool was_tagged(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata aux;
    std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
    return (aux.tp_status & TP_STATUS_VLAN_VALID) != 0 && (aux.tp_vlan_tci & kVlanIdMask) != 0;
  }
  return false;
}

/// Prepares up to `wanted` messages, and fewer when the pool refuses memory.
std::size_t PacketDevice::prepare(std::size_t wanted, BufferPool& pool) {
  std::size_t ready = 0;
  for (; ready < wanted; ++ready) {
    Arrival& a = arrivals_[ready];
    if (!a.buffer.prepare(pool)) break;
    mmsghdr& m = messages_[ready];
    m = {};
    m.msg_hdr.msg_iov = a.parts.data();
    m.msg_hdr.msg_iovlen = a.buffer.describe(a.parts.data());
    m.msg_hdr.msg_control = a.control.data();
    m.msg_hdr.msg_controllen = a.control.size();
  }
  return ready;
}

void PacketDevice::take(Arrival& arrival, const mmsghdr& message, PacketBatch& batch, BufferPool& pool) {
  msghdr header = message.msg_hdr;
  if (message.msg_len <= kVirtioHeaderSize || (header.msg_flags & MSG_TRUNC) != 0 || was_tagged(header)) {
    ++counters_.rx_dropped;
    return;
  }
  const VirtioHeader virtio = virtio_header_of(arrival.buffer.lead());
  auto packet = arrival.buffer.take(message.msg_len - kVirtioHeaderSize, pool);
  if (packet && !concerns_us(packet->front())) return;
  const auto offload = packet ? read_virtio_header(virtio, *packet) : std::nullopt;
  if (!offload) {
    ++counters_.rx_dropped;
    return;
  }
  packet->offload = *offload;
  count_offloads(*offload, counters_);
  ++counters_.rx_packets;
  counters_.rx_bytes += packet->size();
  batch.push(std::move(*packet));
}

/// Like recvmmsg. Out of memory: reads and drops one frame. Left queued, it would keep the worker spinning.
int PacketDevice::receive_frames(std::size_t wanted) {
  if (wanted > 0) return ::recvmmsg(fd_.get(), messages_.data(), static_cast<unsigned>(wanted), MSG_DONTWAIT, nullptr);
  std::array<std::uint8_t, kVirtioHeaderSize + 1> some;
  if (::recv(fd_.get(), some.data(), some.size(), MSG_DONTWAIT) < 0) return -1;
  ++counters_.rx_dropped;
  return 0;
}

bool PacketDevice::is_gone(int reason) const {
  if (reason == ENETDOWN) return is_removed(fd_.get(), interface_index_);
  return reason == ENXIO || reason == ENODEV || reason == EBADF;
}

expected<void, Error> PacketDevice::receive(PacketBatch& batch, BufferPool& pool) {
  const std::size_t before = batch.size();
  // The limit bounds the work of one call when frames are dropped here.
  for (std::size_t tries = PacketBatch::kCapacity; tries > 0 && !batch.full(); --tries) {
    const std::size_t wanted = prepare(std::min(kFramesARead, batch.room()), pool);
    if (wanted == 0 && batch.size() > before) return {};  // there may be no memory for more
    const int n = receive_frames(wanted);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return {};
      const int reason = errno;
      if (is_gone(reason)) return unexpected(Error::no_device);
      if (reason == ENETDOWN) continue;  // until it is up again
      ++counters_.rx_dropped;            // EINVAL: a segmentation that a virtio header cannot express
      continue;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) take(arrivals_[i], messages_[i], batch, pool);
    if (static_cast<std::size_t>(n) < wanted) return {};
  }
  return {};
}

void PacketDevice::transmit(PacketBatch& batch) {
  std::array<mmsghdr, PacketBatch::kCapacity> messages;
  const std::span<Packet> packets = batch.packets();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const std::span<iovec> parts = outgoing_[i].describe(packets[i], OutgoingFrame::Lead::virtio_header, true);
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = parts.data();
    messages[i].msg_hdr.msg_iovlen = parts.size();
  }
  std::size_t done = 0;
  while (done < packets.size()) {
    const auto left = static_cast<unsigned>(packets.size() - done);
    const int n = ::sendmmsg(fd_.get(), messages.data() + done, left, MSG_DONTWAIT);
    if (n > 0) {
      for (int i = 0; i < n; ++i) {
        ++counters_.tx_packets;
        counters_.tx_bytes += packets[done++].size();
      }
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      ++counters_.tx_refused;  // EPERM, ENOBUFS: a firewall or a queue dropped it; ENETDOWN: the interface is down
      ++done;
    }
  }
  batch.remove_front(done);
}

/// On a shared address only claimed ports are Leat's. Both stacks learn from ARP replies.
bool PacketDevice::concerns_us(Bytes frame) const {
  if (!caps_.shares_host_address) return true;
  const auto header = EthernetHeader::parse(frame);
  if (!header || header->is_llc()) return false;
  if (header->ether_type() == EtherType::arp) return true;
  return header->ether_type() == EtherType::ipv4 && claims_.concern(frame.subspan(EthernetHeader::kSize));
}

expected<std::uint16_t, Error> PacketDevice::claim_port(const IpAddress& address, std::uint16_t port) {
  if (!caps_.shares_host_address) return unexpected(Error::unsupported);
  const auto claimed = claims_.claim(address, port);
  if (claimed && !filter_.update(claims_)) {
    claims_.release(*claimed);
    (void)filter_.update(claims_);
    return unexpected(Error::no_buffers);
  }
  return claimed;
}

void PacketDevice::release_port(std::uint16_t port) {
  if (claims_.release(port)) (void)filter_.update(claims_);
}

DeviceCounters PacketDevice::counters() const {
  tpacket_stats stats{};
  socklen_t size = sizeof stats;
  // Reading the kernel's counter sets it to zero.
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
    counters_.rx_dropped += stats.tp_drops;
  }
  return counters_;
}

/// Has the kernel keep frames for `mac` and for groups.
bool attach_station_filter(int fd, const MacAddress& mac) {
  const auto& b = mac.bytes;
  const std::uint32_t low = std::uint32_t{b[2]} << 24 | std::uint32_t{b[3]} << 16 | std::uint32_t{b[4]} << 8 | b[5];
  const std::uint32_t high = std::uint32_t{b[0]} << 8 | b[1];
  // In a fanout group the kernel does not apply PACKET_IGNORE_OUTGOING.
  std::array<sock_filter, 10> code{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)},
      {BPF_JMP | BPF_JEQ | BPF_K, 7, 0, PACKET_OUTGOING},
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 0},
      {BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1},  // the group bit: keep
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, 2},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, low},
      {BPF_LD | BPF_H | BPF_ABS, 0, 0, 0},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, high},
      {BPF_RET | BPF_K, 0, 0, 0xffffffffu},
      {BPF_RET | BPF_K, 0, 0, 0},
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

bool attach_filter(int fd, const DeviceCaps& caps) {
  if (!caps.shares_host_address) return attach_station_filter(fd, *caps.mac);
  return PortFilter(fd, PortFilter::Kind::frames, *caps.mac).update(PortClaims());
}

expected<void, DeviceError> configure(int fd, const std::string& interface, int index, const DeviceCaps& caps) {
  const auto failed = [&](const char* what) {
    const std::string reason = std::strerror(errno);
    return device_failure(Error::system, std::string("cannot ") + what + " on " + interface + ": " + reason);
  };
  if (caps.mac && !attach_filter(fd, caps))
    return failed("filter frames");  // an end of a wire takes the frames of every station
  if (!set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1)) return failed("use offloads");
  if (!set_option(fd, SOL_PACKET, PACKET_AUXDATA, 1)) return failed("see VLAN tags");
  if (!set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) return failed("ignore the kernel's own frames");
  enlarge_receive_queue(fd, kReceiveQueueBytes);
  enlarge_send_queue(fd, kPacketSendQueueBytes);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return failed("receive");
  if (caps.shares_host_address) return {};
  packet_mreq membership{};
  membership.mr_ifindex = index;
  membership.mr_type = PACKET_MR_PROMISC;
  if (::setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
    return failed("receive frames for other stations than the kernel");
  }
  return {};
}

/// The members of the group divide the frames of the interface by flow.
bool join_group(int fd, std::optional<std::uint16_t>& group) {
  const int how = PACKET_FANOUT_HASH | (group ? 0 : PACKET_FANOUT_FLAG_UNIQUEID);
  if (!set_option(fd, SOL_PACKET, PACKET_FANOUT, group.value_or(0) | how << 16)) return false;
  int joined = 0;
  socklen_t size = sizeof joined;
  if (::getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &joined, &size) != 0) return false;
  group = static_cast<std::uint16_t>(joined);
  return true;
}

DeviceError socket_error(int reason, const std::string& interface) {
  if (reason == EPERM || reason == EACCES) {
    return {Error::not_permitted, "may not open a packet socket on " + interface + ": " + advice_for_raw_sockets()};
  }
  return {Error::system, std::string("cannot open a packet socket: ") + std::strerror(reason)};
}

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> open_af_packet(const std::string& interface,
                                                              const DeviceOptions& options) {
  const auto info = is_interface_name(interface) ? interface_info(interface) : std::nullopt;
  if (!info) return device_failure(Error::no_device, no_such_interface(interface));
  if (!info->ethernet) {
    return device_failure(Error::unsupported, "the interface " + interface +
                                                  " does not carry Ethernet frames: use "
                                                  "another one, or a tun:NAME link");
  }
  if (!info->up) return device_failure(Error::no_device, interface_is_down(interface));
  // Protocol 0 receives nothing until bind, so that no frame slips past the filter.
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return unexpected(socket_error(errno, interface));
  DeviceCaps caps;
  caps.mtu = info->mtu;
  if (options.offloads) caps.max_super_segment = 65535;
  caps.completes_checksums = options.offloads;
  caps.shares_host_address = options.shares_host_address;
  if (!options.whole_wire) caps.mac = caps.shares_host_address ? info->mac : options.mac ? *options.mac : random_mac();
  const auto configured = configure(fd.get(), interface, info->index, caps);
  if (!configured) return unexpected(configured.error());
  if (options.group != nullptr && !join_group(fd.get(), *options.group)) {
    return device_failure(Error::system, "cannot share " + interface + " among cores: " + std::strerror(errno));
  }
  return std::unique_ptr<Device>(std::make_unique<PacketDevice>(std::move(fd), info->index, caps));
}

}  // namespace leat
