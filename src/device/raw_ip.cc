#include "device/raw_ip.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "device/host_addresses.h"
#include "device/interface_info.h"
#include "device/interface_watch.h"
#include "device/kernel_socket_options.h"
#include "device/open_device.h"
#include "device/port_claims.h"
#include "device/port_filter.h"
#include "device/receive_buffer.h"
#include "device/unique_fd.h"
#include "device/untold_offload.h"
#include "wire/ipv4.h"

namespace leat {
namespace {

constexpr std::size_t kPacketsARead = 16;
constexpr int kTcpQueueBytes = 32 << 20;  // bursts of super-segments
constexpr int kIcmpQueueBytes = 1 << 18;
constexpr int kRawSendQueueBytes = 4 << 20;

/// The three sockets, configured and with empty queues.
struct RawSockets {
  UniqueFd send, tcp, icmp, ready;
  std::optional<InterfaceWatch> watch;  ///< of one interface only
};

class RawIpDevice final : public Device {
 public:
  RawIpDevice(RawSockets sockets, std::string interface, const DeviceCaps& caps)
      : sockets_(std::move(sockets)),
        interface_(std::move(interface)),
        caps_(caps),
        tcp_filter_(sockets_.tcp.get(), PortFilter::Kind::raw_tcp),
        icmp_filter_(sockets_.icmp.get(), PortFilter::Kind::raw_icmp) {}

  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void transmit(PacketBatch& batch) override;
  int descriptor() const override { return sockets_.ready.get(); }
  int write_descriptor() const override { return -1; }
  DeviceCounters counters() const override;

  expected<std::uint16_t, Error> claim_port(const IpAddress& address, std::uint16_t port) override;
  void release_port(std::uint16_t port) override;
  expected<KernelPath, Error> path_to(const IpAddress& remote) const override;

 private:
  bool receive_some(int fd, PacketBatch& batch, BufferPool& pool);
  bool lose_one(int fd);
  void take(ReceiveBuffer& buffer, const mmsghdr& message, PacketBatch& batch, BufferPool& pool);
  bool update_filters();
  void watch_for_room(bool wanted);

  RawSockets sockets_;
  std::string interface_;
  DeviceCaps caps_;
  PortClaims claims_;
  PortFilter tcp_filter_, icmp_filter_;
  DeviceCounters counters_;
  bool waits_for_room_ = false;
  std::array<ReceiveBuffer, kPacketsARead> buffers_;
};

// Up.

expected<void, Error> RawIpDevice::receive(PacketBatch& batch, BufferPool& pool) {
  std::array<epoll_event, 4> ready;
  const int n = ::epoll_wait(sockets_.ready.get(), ready.data(), static_cast<int>(ready.size()), 0);
  for (int i = 0; i < n; ++i) {
    const int fd = ready[static_cast<std::size_t>(i)].data.fd;
    if (fd == sockets_.send.get()) {
      watch_for_room(false);
      continue;
    }
    if (sockets_.watch && fd == sockets_.watch->descriptor()) {
      if (sockets_.watch->sees_removal()) return unexpected(Error::no_device);
      continue;
    }
    // The limit bounds the work of one call when datagrams are dropped here.
    for (std::size_t tries = PacketBatch::kCapacity; tries > 0 && !batch.full(); --tries) {
      if (!receive_some(fd, batch, pool)) break;
    }
  }
  return {};
}

/// Out of memory: reads and drops one datagram. Left queued, it would keep the worker spinning. Returns false when
/// there is none.
bool RawIpDevice::lose_one(int fd) {
  std::uint8_t byte = 0;
  if (::recv(fd, &byte, 1, MSG_DONTWAIT) < 0) return errno == EINTR;
  ++counters_.rx_dropped;
  return true;
}

/// Returns false when the socket is empty or there is no memory for more.
bool RawIpDevice::receive_some(int fd, PacketBatch& batch, BufferPool& pool) {
  std::array<std::array<iovec, 2>, kPacketsARead> parts;
  std::array<mmsghdr, kPacketsARead> messages{};
  const std::size_t most = std::min(kPacketsARead, batch.room());
  std::size_t wanted = 0;
  for (; wanted < most && buffers_[wanted].prepare(pool); ++wanted) {
    messages[wanted].msg_hdr.msg_iov = parts[wanted].data();
    messages[wanted].msg_hdr.msg_iovlen = buffers_[wanted].describe(parts[wanted].data());
  }
  if (wanted == 0) return batch.empty() && lose_one(fd);
  const int n = ::recvmmsg(fd, messages.data(), static_cast<unsigned>(wanted), MSG_DONTWAIT, nullptr);
  if (n < 0) return errno == EINTR;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) take(buffers_[i], messages[i], batch, pool);
  return static_cast<std::size_t>(n) == wanted;
}

void RawIpDevice::take(ReceiveBuffer& buffer, const mmsghdr& message, PacketBatch& batch, BufferPool& pool) {
  if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
    ++counters_.rx_dropped;
    return;
  }
  auto packet = buffer.take(message.msg_len, pool);
  if (!packet) {
    ++counters_.rx_dropped;
    return;
  }
  if (!claims_.concern(packet->front())) return;
  packet->offload = untold_offload(*packet, 0, caps_.mtu);
  count_offloads(packet->offload, counters_);
  ++counters_.rx_packets;
  counters_.rx_bytes += packet->size();
  batch.push(std::move(*packet));
}

DeviceCounters RawIpDevice::counters() const {
  DeviceCounters result = counters_;
  for (const UniqueFd* fd : {&sockets_.tcp, &sockets_.icmp}) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    socklen_t size = sizeof info;
    if (::getsockopt(fd->get(), SOL_SOCKET, SO_MEMINFO, info.data(), &size) == 0) {
      result.rx_dropped += info[SK_MEMINFO_DROPS];
    }
  }
  return result;
}

// Down.

void RawIpDevice::transmit(PacketBatch& batch) {
  std::array<sockaddr_in, PacketBatch::kCapacity> destinations{};
  std::array<std::array<iovec, Packet::kMaxSlices>, PacketBatch::kCapacity> parts;
  std::array<mmsghdr, PacketBatch::kCapacity> messages{};
  const std::span<Packet> packets = batch.packets();
  for (std::size_t i = 0; i < packets.size(); ++i) {
    destinations[i].sin_family = AF_INET;
    std::array<std::uint8_t, 4> to{};
    (void)packets[i].copy_out(Ipv4Header::kDestinationOffset, to);
    std::memcpy(&destinations[i].sin_addr, to.data(), to.size());
    std::size_t count = 0;
    for (Slice& s : packets[i].slices()) parts[i][count++] = {s.mutable_bytes().data(), s.size()};
    messages[i].msg_hdr.msg_name = &destinations[i];
    messages[i].msg_hdr.msg_namelen = sizeof destinations[i];
    messages[i].msg_hdr.msg_iov = parts[i].data();
    messages[i].msg_hdr.msg_iovlen = count;
  }
  std::size_t done = 0;
  while (done < packets.size()) {
    const auto left = static_cast<unsigned>(packets.size() - done);
    const int n = ::sendmmsg(sockets_.send.get(), messages.data() + done, left, MSG_DONTWAIT);
    if (n > 0) {
      for (int i = 0; i < n; ++i) {
        ++counters_.tx_packets;
        counters_.tx_bytes += packets[done++].size();
      }
    } else if (errno == EAGAIN) {
      watch_for_room(true);
      break;
    } else if (errno != EINTR) {
      ++counters_.tx_refused;  // EPERM, ENOBUFS: a firewall or a queue dropped it; others: no way there just now
      ++done;
    }
  }
  batch.remove_front(done);
}

void RawIpDevice::watch_for_room(bool wanted) {
  if (waits_for_room_ == wanted) return;
  waits_for_room_ = wanted;
  epoll_event event{};
  event.events = wanted ? EPOLLOUT : 0u;
  event.data.fd = sockets_.send.get();
  (void)::epoll_ctl(sockets_.ready.get(), EPOLL_CTL_MOD, sockets_.send.get(), &event);
}

// Ports and paths.

bool RawIpDevice::update_filters() { return tcp_filter_.update(claims_) && icmp_filter_.update(claims_); }

expected<std::uint16_t, Error> RawIpDevice::claim_port(const IpAddress& address, std::uint16_t port) {
  const auto claimed = claims_.claim(address, port);
  if (claimed && !update_filters()) {
    claims_.release(*claimed);
    (void)update_filters();
    return unexpected(Error::no_buffers);
  }
  return claimed;
}

void RawIpDevice::release_port(std::uint16_t port) {
  if (claims_.release(port)) (void)update_filters();
}

expected<KernelPath, Error> RawIpDevice::path_to(const IpAddress& remote) const {
  return kernel_path_to(remote, interface_);
}

// Opening.

unexpected<DeviceError> refused(int reason) {
  if (reason == EPERM || reason == EACCES) {
    return device_failure(Error::not_permitted, "may not open raw IP sockets: " + advice_for_raw_sockets());
  }
  return device_failure(Error::system, std::string("cannot open raw IP sockets: ") + std::strerror(reason));
}

/// Empties the queue: until the filter is installed, the kernel queues every datagram.
void empty(int fd) {
  std::uint8_t byte = 0;
  while (::recv(fd, &byte, 1, MSG_DONTWAIT) >= 0 || errno == EINTR) {
  }
}

bool watch(const RawSockets& sockets) {
  for (const UniqueFd* fd : {&sockets.tcp, &sockets.icmp, &sockets.send}) {
    epoll_event event{};
    event.events = fd == &sockets.send ? 0u : EPOLLIN;
    event.data.fd = fd->get();
    if (::epoll_ctl(sockets.ready.get(), EPOLL_CTL_ADD, fd->get(), &event) != 0) return false;
  }
  if (!sockets.watch) return true;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = sockets.watch->descriptor();
  return ::epoll_ctl(sockets.ready.get(), EPOLL_CTL_ADD, event.data.fd, &event) == 0;
}

/// Returns false with errno.
bool configure(const RawSockets& sockets, const std::string& interface) {
  const PortClaims nothing;
  if (!PortFilter(sockets.tcp.get(), PortFilter::Kind::raw_tcp).update(nothing)) return false;
  if (!PortFilter(sockets.icmp.get(), PortFilter::Kind::raw_icmp).update(nothing)) return false;
  for (const UniqueFd* fd : {&sockets.send, &sockets.tcp, &sockets.icmp}) {
    if (!interface.empty() && !bind_to_interface(fd->get(), interface)) return false;
  }
  // The Stack does path MTU discovery: it sends packets up to the interface's MTU and receives the ICMP errors of
  // routers.
  if (!set_option(sockets.send.get(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)) return false;
  enlarge_receive_queue(sockets.tcp.get(), kTcpQueueBytes);
  enlarge_receive_queue(sockets.icmp.get(), kIcmpQueueBytes);
  enlarge_send_queue(sockets.send.get(), kRawSendQueueBytes);
  empty(sockets.tcp.get());
  empty(sockets.icmp.get());
  return watch(sockets);
}

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> open_raw_ip(const std::string& interface) {
  const auto info = is_interface_name(interface) ? interface_info(interface) : std::nullopt;
  if (!interface.empty()) {
    if (!info) return device_failure(Error::no_device, no_such_interface(interface));
    if (!info->up) return device_failure(Error::no_device, interface_is_down(interface));
  }
  constexpr int kFlags = SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC;
  RawSockets sockets;
  sockets.send = UniqueFd(::socket(AF_INET, kFlags, IPPROTO_RAW));  // with our IP header, receives nothing
  if (!sockets.send) return refused(errno);
  sockets.tcp = UniqueFd(::socket(AF_INET, kFlags, IPPROTO_TCP));
  if (!sockets.tcp) return refused(errno);
  sockets.icmp = UniqueFd(::socket(AF_INET, kFlags, IPPROTO_ICMP));
  if (!sockets.icmp) return refused(errno);
  if (info) {
    sockets.watch = InterfaceWatch::open(info->index, false);  // a sandbox may have no packet sockets
  }
  sockets.ready = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!sockets.ready || !configure(sockets, interface)) return refused(errno);

  DeviceCaps caps;
  caps.has_link_layer = false;
  caps.shares_host_address = true;
  caps.mtu = smallest_mtu(interface);
  return std::unique_ptr<Device>(std::make_unique<RawIpDevice>(std::move(sockets), interface, caps));
}

}  // namespace leat
