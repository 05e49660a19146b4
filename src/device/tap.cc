#include "device/tap.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <vector>

#include "device/interface_info.h"
#include "device/io_batch.h"
#include "device/outgoing_frame.h"
#include "device/receive_buffer.h"
#include "device/system_random.h"
#include "device/unique_fd.h"
#include "device/virtio_header.h"
#include "wire/ethernet.h"

namespace leat {
namespace {

ssize_t read_into(int fd, std::span<const iovec> parts) {
  if (parts.size() == 1) return ::read(fd, parts[0].iov_base, parts[0].iov_len);
  return ::readv(fd, parts.data(), static_cast<int>(parts.size()));
}

ssize_t write_from(int fd, std::span<const iovec> parts) {
  if (parts.size() == 1) return ::write(fd, parts[0].iov_base, parts[0].iov_len);
  return ::writev(fd, parts.data(), static_cast<int>(parts.size()));
}

class TapDevice final : public Device {
 public:
  /// `header`: bytes in front of each frame in both directions, kVirtioHeaderSize or none.
  /// `largest`: bytes of a frame that is received.
  TapDevice(UniqueFd fd, std::unique_ptr<IoBatch> io, DeviceCaps caps, std::size_t header, std::size_t largest)
      : fd_(std::move(fd)),
        caps_(caps),
        header_(header),
        io_(std::move(io)),
        incoming_(largest > size_of(BufferClass::frame) ? kMostLarge : IoBatch::kMost,
                  Incoming{ReceiveBuffer(largest, header)}),
        outgoing_(IoBatch::kMost) {}

  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void transmit(PacketBatch& batch) override;
  void idle() override;
  int descriptor() const override { return fd_.get(); }
  DeviceCounters counters() const override { return counters_; }

 private:
  static constexpr std::size_t kMostLarge = 16;  ///< super-segments read at once
  struct Incoming {
    ReceiveBuffer buffer;
    std::array<iovec, 2> parts{};
    unsigned count = 0;
    int result = 0;  ///< bytes, or the negative of an errno value
  };

  std::span<Incoming> read(std::size_t most, BufferPool& pool);
  int lose_one();
  bool take(Incoming& in, PacketBatch& batch, BufferPool& pool);
  std::span<iovec> describe(Packet& packet, OutgoingFrame& out) const;
  bool is_done(const Packet& packet, int result);
  std::size_t send_each(std::span<Packet> packets);
  std::size_t send_together(std::span<Packet> packets);

  UniqueFd fd_;
  DeviceCaps caps_;
  std::size_t header_;
  DeviceCounters counters_;
  std::unique_ptr<IoBatch> io_;
  std::vector<Incoming> incoming_;
  std::vector<OutgoingFrame> outgoing_;
  std::size_t ahead_ = 1;  ///< frames to ask for at once
};

expected<void, Error> TapDevice::receive(PacketBatch& batch, BufferPool& pool) {
  const std::size_t before = batch.size();
  // The limit bounds the work of one call when frames are dropped here.
  for (std::size_t left = 2 * PacketBatch::kCapacity; left > 0 && !batch.full();) {
    const std::span<Incoming> read_now = read(std::min({ahead_, batch.room(), left}), pool);
    if (read_now.empty()) {
      if (batch.size() > before) return {};  // there may be no memory for more
      const int lost = lose_one();
      if (lost == -EAGAIN || lost == -EINTR) return {};
      if (lost < 0) return unexpected(Error::no_device);
      --left;
      continue;
    }
    left -= read_now.size();
    std::size_t got = 0;
    for (Incoming& in : read_now) {
      if (in.result == -EAGAIN || in.result == -EINTR) continue;
      ++got;
      if (!take(in, batch, pool)) return unexpected(Error::no_device);
    }
    ahead_ = std::clamp<std::size_t>(got == read_now.size() ? 2 * got : got, 1, incoming_.size());
    if (got < read_now.size()) return {};
  }
  return {};
}

/// Out of memory: reads and drops one frame. Left queued, it would keep the descriptor readable and the worker
/// spinning.
int TapDevice::lose_one() {
  std::array<std::uint8_t, kVirtioHeaderSize + 1> start;
  if (::read(fd_.get(), start.data(), header_ + 1) < 0 && errno != EINVAL) return -errno;
  ++counters_.rx_dropped;
  return 0;
}

/// Reads up to `most` frames; none when there is no memory for one.
std::span<TapDevice::Incoming> TapDevice::read(std::size_t most, BufferPool& pool) {
  if (!io_) most = 1;
  if (!incoming_[0].buffer.prepare(pool)) idle();  // the other buffers may hold the memory that this one needs
  std::size_t count = 0;
  for (; count < most && incoming_[count].buffer.prepare(pool); ++count) {
    Incoming& in = incoming_[count];
    in.count = in.buffer.describe(in.parts.data());
  }
  const std::span<Incoming> asked = std::span(incoming_).first(count);
  if (count == 0) return asked;
  if (count == 1) {
    const ssize_t n = read_into(fd_.get(), std::span(asked[0].parts).first(asked[0].count));
    asked[0].result = n < 0 ? -errno : static_cast<int>(n);
    return asked;
  }
  for (Incoming& in : asked) io_->read(in.parts.data(), in.count);
  const std::span<const int> results = io_->run();
  if (results.empty() || std::find(results.begin(), results.end(), -EOPNOTSUPP) != results.end()) {
    io_.reset();
    return read(1, pool);
  }
  for (std::size_t i = 0; i < count; ++i) asked[i].result = results[i];
  return asked;
}

/// Returns false when the interface was removed.
bool TapDevice::take(Incoming& in, PacketBatch& batch, BufferPool& pool) {
  // EINVAL: a segmentation that a virtio header cannot express.
  if (in.result < 0 && in.result != -EINVAL) return false;  // EBADFD, EFAULT
  std::optional<Packet> packet;
  std::optional<Offload> offload;
  VirtioHeader header;
  if (header_ > 0) header = virtio_header_of(in.buffer.lead());
  if (in.result > static_cast<int>(header_)) {
    packet = in.buffer.take(static_cast<std::size_t>(in.result) - header_, pool);
  }
  if (packet) offload = header_ > 0 ? read_virtio_header(header, *packet) : Offload{};
  if (!offload) {
    ++counters_.rx_dropped;
    return true;
  }
  packet->offload = *offload;
  count_offloads(*offload, counters_);
  ++counters_.rx_packets;
  counters_.rx_bytes += packet->size();
  batch.push(std::move(*packet));
  return true;
}

void TapDevice::idle() {
  for (Incoming& in : std::span(incoming_).subspan(1)) in.buffer.release();
}

void TapDevice::transmit(PacketBatch& batch) {
  const bool together = io_ && batch.size() > 1;
  batch.remove_front(together ? send_together(batch.packets()) : send_each(batch.packets()));
}

std::span<iovec> TapDevice::describe(Packet& packet, OutgoingFrame& out) const {
  const auto lead = header_ > 0 ? OutgoingFrame::Lead::virtio_header : OutgoingFrame::Lead::none;
  return out.describe(packet, lead, caps_.has_link_layer);
}

/// Returns false when the packet has to wait.
bool TapDevice::is_done(const Packet& packet, int result) {
  if (result == -EAGAIN || result == -EINTR) return false;
  if (result < 0) {
    ++counters_.tx_refused;  // EIO: the interface is down; EINVAL: the kernel does not like the frame
  } else {
    ++counters_.tx_packets;
    counters_.tx_bytes += packet.size();
  }
  return true;
}

/// Returns the number of packets that were sent or refused.
std::size_t TapDevice::send_each(std::span<Packet> packets) {
  std::size_t done = 0;
  for (Packet& packet : packets) {
    const ssize_t n = write_from(fd_.get(), describe(packet, outgoing_[0]));
    if (!is_done(packet, n < 0 ? -errno : static_cast<int>(n))) break;
    ++done;
  }
  return done;
}

/// Does the same in one batch. Packets that have to wait are moved to the end.
std::size_t TapDevice::send_together(std::span<Packet> packets) {
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const std::span<iovec> parts = describe(packets[i], outgoing_[i]);
    io_->write(parts.data(), static_cast<unsigned>(parts.size()));
  }
  const std::span<const int> results = io_->run();
  if (results.empty()) {
    io_.reset();
    return send_each(packets);
  }
  std::size_t first_waiting = packets.size();
  for (std::size_t i = packets.size(); i-- > 0;) {
    if (is_done(packets[i], results[i])) continue;
    if (--first_waiting != i) packets[first_waiting] = std::move(packets[i]);
  }
  return first_waiting;
}

/// Without offloads there is no virtio header: reading and writing it takes 10 % of the time of a frame.
bool attach(int fd, const std::string& name, TapKind kind, const DeviceOptions& options) {
  ifreq request{};
  std::copy(name.begin(), name.end(), request.ifr_name);
  int flags = (kind == TapKind::tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI;
  if (options.offloads) flags |= IFF_VNET_HDR;
  if (options.one_of_several) flags |= IFF_MULTI_QUEUE;
  request.ifr_flags = static_cast<short>(flags);
  return ::ioctl(fd, TUNSETIFF, &request) == 0;
}

/// The interface of a killed process stays for a moment (IoBatch), either unchanged or busy.
bool attach_patiently(int fd, const std::string& name, TapKind kind, const DeviceOptions& options) {
  constexpr int kTries = 30, kPauseMs = 10;
  for (int i = 0; !attach(fd, name, kind, options); ++i) {
    const int reason = errno;
    if ((reason != EBUSY && reason != EINVAL) || i == kTries) return false;
    ::poll(nullptr, 0, kPauseMs);
  }
  return true;
}

/// True when frames have a virtio header. The program that opened the first of several queues has decided that.
bool has_virtio_header(int fd) {
  ifreq request{};
  return ::ioctl(fd, TUNGETIFF, &request) == 0 && (request.ifr_flags & IFF_VNET_HDR) != 0;
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
  if (!attach_patiently(fd.get(), name, kind, options)) return refused(errno);
  const std::size_t header = has_virtio_header(fd.get()) ? kVirtioHeaderSize : 0;
  const bool offloads = options.offloads && header > 0;
  int header_size = kVirtioHeaderSize;  // a persistent interface may remember another program's choice
  if (header > 0 && ::ioctl(fd.get(), TUNSETVNETHDRSZ, &header_size) != 0) return refused(errno);
  // A kernel that supports less sends smaller frames with checksums, so a failure is ignored.
  const unsigned taken = offloads ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
  (void)::ioctl(fd.get(), TUNSETOFFLOAD, taken);

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
  if (offloads) caps.max_super_segment = 65535;
  caps.completes_checksums = offloads;
  if (caps.has_link_layer) caps.mac = options.mac ? *options.mac : random_mac();
  const std::size_t largest = offloads ? ReceiveBuffer::kCapacity : caps.mtu + EthernetHeader::kSize;
  // A queue that a killed process still holds would be given flows, and lose them.
  const auto hold = options.one_of_several ? IoBatch::Hold::no : IoBatch::Hold::yes;
  auto io = IoBatch::create(fd.get(), hold);
  return std::unique_ptr<Device>(std::make_unique<TapDevice>(std::move(fd), std::move(io), caps, header, largest));
}

}  // namespace leat
