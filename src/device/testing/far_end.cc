#include "device/testing/far_end.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include "device/kernel_socket_options.h"
#include "device/testing/in_namespace.h"
#include "device/unique_fd.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace leat::testing {
namespace {

constexpr int kFarEndQueueBytes = 64 << 20;
constexpr std::size_t kLargest = 70'000;

bool is_tcp(Bytes datagram) { return datagram.size() >= 40 && datagram[0] == 0x45 && datagram[9] == 6; }

// struct virtio_net_hdr, by hand and not by the code under test: flags, gso_type, hdr_len, gso_size, csum_start,
// csum_offset.
using Virtio = std::array<std::uint8_t, 10>;
constexpr std::uint8_t kPartialChecksum = 1, kTcp4 = 1;

std::uint16_t half(const Virtio& v, std::size_t at) {
  std::uint16_t value = 0;
  std::memcpy(&value, v.data() + at, 2);
  return value;
}
void set_half(Virtio& v, std::size_t at, std::size_t value) {
  const auto two = static_cast<std::uint16_t>(value);
  std::memcpy(v.data() + at, &two, 2);
}

Virtio virtio_of(const Offload& offload, std::size_t link) {
  Virtio v{};
  if (offload.checksum == ChecksumState::partial) {
    v[0] = kPartialChecksum;
    set_half(v, 6, offload.checksum_start + link);
    set_half(v, 8, offload.checksum_offset);
  }
  if (offload.gso_size > 0) {
    v[1] = kTcp4;
    set_half(v, 2, offload.header_length + link);
    set_half(v, 4, offload.gso_size);
  }
  return v;
}

Offload offload_of(const Virtio& v, std::size_t link) {
  Offload offload;
  if ((v[0] & kPartialChecksum) != 0) {
    offload.checksum = ChecksumState::partial;
    offload.checksum_start = static_cast<std::uint16_t>(half(v, 6) - link);
    offload.checksum_offset = half(v, 8);
  }
  if (v[1] == kTcp4) offload.gso_size = half(v, 4);
  return offload;
}

class FarSocket final : public FarEnd {
 public:
  FarSocket(const std::string& interface, const FarSocketOptions& options)
      : options_(options),
        link_(options.adds_link ? EthernetHeader::kSize : 0),
        fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    EXPECT_TRUE(!options.has_offloads || set_option(fd_.get(), SOL_PACKET, PACKET_VNET_HDR, 1));
    EXPECT_TRUE(set_option(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, 1));
    if (!set_option(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, kFarEndQueueBytes)) {
      skip_here("no packet socket with a queue for bursts: run the test as root");
    }
    enlarge_send_queue(fd_.get(), kFarEndQueueBytes);
    at_.sll_family = AF_PACKET;
    at_.sll_protocol = htons(ETH_P_IP);
    at_.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at_), sizeof at_), 0) << std::strerror(errno);
  }

  bool send(const WireFrame& frame) override {
    EXPECT_TRUE(options_.has_offloads || frame.offload.gso_size == 0) << "this far end cannot";
    Virtio virtio = virtio_of(frame.offload, link_);
    std::array<std::uint8_t, EthernetHeader::kSize> link{};
    make_ethernet(kNearStation, kFarStation, EtherType::ipv4).write(link);
    std::array<iovec, 3> parts{iovec{virtio.data(), options_.has_offloads ? virtio.size() : 0},
                               iovec{link.data(), link_},
                               iovec{const_cast<std::uint8_t*>(frame.bytes.data()), frame.bytes.size()}};
    msghdr message{};
    message.msg_name = &at_;
    message.msg_namelen = sizeof at_;
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    return ::sendmsg(fd_.get(), &message, 0) >= 0;
  }

  std::optional<WireFrame> receive(int milliseconds) override {
    for (int tries = 0; tries < 1000; ++tries) {
      Virtio virtio{};
      iovec parts[2] = {{virtio.data(), options_.has_offloads ? virtio.size() : 0}, {room_.data(), room_.size()}};
      msghdr message{};
      message.msg_iov = parts;
      message.msg_iovlen = 2;
      const ssize_t n = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT);
      if (n < 0) {
        pollfd p{fd_.get(), POLLIN, 0};
        if (errno == EAGAIN && ::poll(&p, 1, milliseconds) != 1) return std::nullopt;
        continue;  // its interface may have been down meanwhile
      }
      const Bytes bytes = Bytes(room_).first(static_cast<std::size_t>(n) - parts[0].iov_len);
      const std::size_t ip_at = options_.ethernet ? EthernetHeader::kSize : 0;
      if (bytes.size() < ip_at || !is_tcp(bytes.subspan(ip_at))) continue;
      const Bytes inside = bytes.subspan(link_);
      return WireFrame{{inside.begin(), inside.end()}, offload_of(virtio, link_)};
    }
    return std::nullopt;
  }

 private:
  FarSocketOptions options_;
  std::size_t link_;  ///< bytes that only the wire has
  UniqueFd fd_;
  sockaddr_ll at_{};
  std::vector<std::uint8_t> room_ = std::vector<std::uint8_t>(kLargest);
};

class FarDevice final : public FarEnd {
 public:
  FarDevice(std::unique_ptr<Device> owned, Device& device, BufferPool& pool)
      : owned_(std::move(owned)), device_(device), pool_(pool) {}

  bool send(const WireFrame& frame) override {
    Packet packet;
    Bytes rest(frame.bytes);
    while (!rest.empty()) {
      const std::size_t here = std::min<std::size_t>(rest.size(), size_of(BufferClass::medium));
      packet.append(pool_.copy_of(rest.first(here)));
      rest = rest.subspan(here);
    }
    packet.offload = frame.offload;
    PacketBatch batch;
    batch.push(std::move(packet));
    device_.transmit(batch);
    return batch.empty();
  }

  std::optional<WireFrame> receive(int milliseconds) override {
    if (waiting_.empty()) {
      PacketBatch batch;
      pollfd p{device_.descriptor(), POLLIN, 0};
      if (p.fd >= 0 && ::poll(&p, 1, milliseconds) != 1) return std::nullopt;
      EXPECT_TRUE(device_.receive(batch, pool_));
      for (Packet& packet : batch) {
        std::vector<std::uint8_t> bytes(packet.size());
        EXPECT_TRUE(packet.copy_out(0, bytes));
        const std::size_t ip_at = device_.caps().has_link_layer ? EthernetHeader::kSize : 0;
        if (bytes.size() >= ip_at && is_tcp(Bytes(bytes).subspan(ip_at))) {
          waiting_.push_back({std::move(bytes), packet.offload});
        }
      }
    }
    if (waiting_.empty()) return std::nullopt;
    WireFrame frame = std::move(waiting_.front());
    waiting_.pop_front();
    return frame;
  }

 private:
  std::unique_ptr<Device> owned_;
  Device& device_;
  BufferPool& pool_;
  std::deque<WireFrame> waiting_;
};

}  // namespace

std::unique_ptr<FarEnd> far_socket(const std::string& interface, const FarSocketOptions& options) {
  return std::make_unique<FarSocket>(interface, options);
}

std::unique_ptr<FarEnd> far_device(std::unique_ptr<Device> device, BufferPool& pool) {
  Device& far = *device;
  return std::make_unique<FarDevice>(std::move(device), far, pool);
}

std::unique_ptr<FarEnd> far_self(Device& device, BufferPool& pool) {
  return std::make_unique<FarDevice>(nullptr, device, pool);
}

}  // namespace leat::testing
