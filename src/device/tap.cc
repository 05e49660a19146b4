#include "device/tap.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "device/interface_info.h"
#include "device/receive_buffer.h"
#include "device/system_random.h"
#include "device/unique_fd.h"
#include "device/virtio_header.h"

namespace leat {
namespace {

class TapDevice final : public Device {
 public:
  TapDevice(UniqueFd fd, DeviceCaps caps) : fd_(std::move(fd)), caps_(caps) {}

  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void transmit(PacketBatch& batch) override;
  int descriptor() const override { return fd_.get(); }
  DeviceCounters counters() const override { return counters_; }

 private:
  bool send(Packet& packet);

  UniqueFd fd_;
  DeviceCaps caps_;
  DeviceCounters counters_;
  ReceiveBuffer buffer_;
};

expected<void, Error> TapDevice::receive(PacketBatch& batch, BufferPool& pool) {
  // Bounds the work of one call when frames are dropped here.
  for (std::size_t tries = 2 * PacketBatch::kCapacity; tries > 0 && !batch.full(); --tries) {
    if (!buffer_.prepare(pool)) {
      // Frames wait in the interface's queue, and the kernel drops there when it is full.
      return {};
    }
    VirtioHeader header;
    iovec parts[3] = {{header.data(), header.size()}, {}, {}};
    iovec frame[2];
    buffer_.describe(frame);
    parts[1] = frame[0], parts[2] = frame[1];
    const ssize_t n = ::readv(fd_.get(), parts, 3);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return {};
      if (errno == EINVAL) {  // a segmentation that a virtio header cannot express
        ++counters_.rx_dropped;
        continue;
      }
      return unexpected(Error::no_device);  // EBADFD, EFAULT: the interface was removed
    }
    if (static_cast<std::size_t>(n) <= kVirtioHeaderSize) {
      ++counters_.rx_dropped;
      continue;
    }
    auto packet = buffer_.take(static_cast<std::size_t>(n) - kVirtioHeaderSize, pool);
    const auto offload = packet ? read_virtio_header(header, *packet) : std::nullopt;
    if (!offload) {
      ++counters_.rx_dropped;
      continue;
    }
    packet->offload = *offload;
    count_offloads(*offload, counters_);
    ++counters_.rx_packets;
    counters_.rx_bytes += packet->size();
    batch.push(std::move(*packet));
  }
  return {};
}

void TapDevice::transmit(PacketBatch& batch) {
  std::size_t done = 0;
  for (Packet& packet : batch.packets()) {
    if (!send(packet)) break;
    ++done;
  }
  batch.remove_front(done);
}

/// False when the packet has to wait.
bool TapDevice::send(Packet& packet) {
  VirtioHeader header = write_virtio_header(packet, caps_.has_link_layer);
  std::array<iovec, Packet::kMaxSlices + 1> parts;
  parts[0] = {header.data(), header.size()};
  int count = 1;
  for (Slice& s : packet.slices()) parts[static_cast<std::size_t>(count++)] = {s.mutable_bytes().data(), s.size()};
  for (;;) {
    if (::writev(fd_.get(), parts.data(), count) >= 0) {
      ++counters_.tx_packets;
      counters_.tx_bytes += packet.size();
      return true;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return false;
    ++counters_.tx_refused;  // EIO: the interface is down; EINVAL: the kernel does not like the frame
    return true;
  }
}

bool attach(int fd, const std::string& name, TapKind kind, bool one_of_several) {
  ifreq request{};
  std::copy(name.begin(), name.end(), request.ifr_name);
  const int flags = (kind == TapKind::tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI | IFF_VNET_HDR;
  request.ifr_flags = static_cast<short>(flags | (one_of_several ? IFF_MULTI_QUEUE : 0));
  return ::ioctl(fd, TUNSETIFF, &request) == 0;
}

DeviceError attach_error(int reason, const std::string& name, const std::string& kind, bool several_queues) {
  switch (reason) {
    case EPERM:
    case EACCES:
      return {Error::not_permitted, "may not use the " + kind + " interface " + name +
                                        ": run as root, or have it made for you once with "
                                        "`sudo ip tuntap add dev " +
                                        name + " mode " + kind + " user $USER && sudo ip link set " + name +
                                        " up`, "
                                        "or allow this program with `sudo setcap cap_net_admin+ep " +
                                        program_path() + "`"};
    case EBUSY:
      return {Error::address_in_use,
              "the interface " + name + " is in use by another program: stop it or choose another name"};
    case EINVAL:
    case EEXIST:
      return {Error::invalid_argument, "the interface " + name + " exists and is not a " +
                                           (several_queues ? "multi-queue " : "single-queue ") + kind +
                                           " interface: choose another name" +
                                           (several_queues ? ", or make it with `ip tuntap add ... multi_queue`" : "")};
    default:
      return {Error::system, "cannot attach to the " + kind + " interface " + name + ": " + std::strerror(reason)};
  }
}

DeviceError open_error(int reason) {
  if (reason == EACCES || reason == EPERM) {
    return {Error::not_permitted,
            "may not open /dev/net/tun: run as root, or give its users access as most systems do "
            "with `sudo chmod 0666 /dev/net/tun`, or use a packet:INTERFACE link"};
  }
  if (reason == ENOENT || reason == ENODEV || reason == ENXIO) {
    return {Error::no_device,
            "there is no /dev/net/tun here: load its driver with `sudo modprobe tun`, or use a "
            "packet:INTERFACE link"};
  }
  return {Error::system, std::string("cannot open /dev/net/tun: ") + std::strerror(reason)};
}

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> open_tap(const std::string& name, TapKind kind,
                                                        const DeviceOptions& options) {
  const std::string kind_name = kind == TapKind::tap ? "tap" : "tun";
  if (!is_interface_name(name)) {
    return device_failure(Error::invalid_argument, "\"" + name +
                                                       "\" cannot be an interface's name: use 1 to 15 "
                                                       "characters without '/' and '%'");
  }
  UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return unexpected(open_error(errno));

  const auto refused = [&](int reason) {
    return unexpected(attach_error(reason, name, kind_name, options.one_of_several));
  };
  if (!attach(fd.get(), name, kind, options.one_of_several)) return refused(errno);
  int header_size = kVirtioHeaderSize;  // a persistent interface may remember another program's choice
  if (::ioctl(fd.get(), TUNSETVNETHDRSZ, &header_size) != 0) return refused(errno);
  // Where the kernel knows less it sends smaller frames with filled-in checksums: nothing to refuse over.
  const unsigned offloads = options.offloads ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
  (void)::ioctl(fd.get(), TUNSETOFFLOAD, offloads);

  const auto info = interface_info(name);
  if (!info) return refused(ENODEV);
  if (!info->up && !bring_up(name)) {
    return device_failure(Error::not_permitted, "the interface " + name +
                                                    " is down and this program may not change "
                                                    "that: `sudo ip link set " +
                                                    name + " up`");
  }
  DeviceCaps caps;
  caps.has_link_layer = kind == TapKind::tap;
  caps.mtu = info->mtu;
  caps.max_super_segment = 65535;
  caps.completes_checksums = true;
  if (caps.has_link_layer) caps.mac = options.mac ? *options.mac : random_mac();
  return std::unique_ptr<Device>(std::make_unique<TapDevice>(std::move(fd), caps));
}

}  // namespace leat
