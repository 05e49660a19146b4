// TAP, TUN and packet sockets against the kernel's own stack: what it sends arrives with the right offload facts,
// and what is sent it takes.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <numeric>

#include "device/interface_info.h"
#include "device/open_device.h"
#include "device/testing/in_namespace.h"
#include "device/testing/tiny_peer.h"
#include "device/testing/veth.h"
#include "device/unique_fd.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace leat {
namespace {

using testing::in_namespace;
using testing::shell;
using testing::skip_here;
using testing::TinyPeer;

constexpr IpAddress kKernelAddress = IpAddress::v4(10, 9, 0, 1), kOurAddress = IpAddress::v4(10, 9, 0, 2);
constexpr MacAddress kKernelMac{{2, 0, 0, 0, 0, 1}}, kOurMac{{2, 0, 0, 0, 0, 2}};

sockaddr_in endpoint(const char* address, std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &a.sin_addr);
  return a;
}

std::vector<std::uint8_t> numbered_bytes(std::size_t size) {
  std::vector<std::uint8_t> v(size);
  for (std::size_t i = 0; i < size; ++i) v[i] = static_cast<std::uint8_t>(i * 31 + i / 255);
  return v;
}

/// Transport bytes of an IPv4 packet with its checksum field zeroed, and that field.
struct Transport {
  std::vector<std::uint8_t> bytes;
  std::uint16_t field = 0;
  ChecksumAccumulator pseudo;
};
Transport transport_of(const Packet& packet, std::size_t ip_at, std::size_t field_at) {
  Transport t;
  std::vector<std::uint8_t> all(packet.size() - ip_at);
  EXPECT_TRUE(packet.copy_out(ip_at, all));
  const auto ip = Ipv4Header::parse(all);
  EXPECT_TRUE(ip);
  t.bytes.assign(all.begin() + ip->header_length, all.begin() + ip->total_length);
  t.pseudo.add_pseudo_header(ip->source, ip->destination, static_cast<std::uint8_t>(ip->protocol),
                             static_cast<std::uint32_t>(t.bytes.size()));
  t.field = load_be16(t.bytes.data() + field_at);
  t.bytes[field_at] = t.bytes[field_at + 1] = 0;
  return t;
}

/// The parameter is the kind of link; every test is a story between us at 10.9.0.2 and the kernel at 10.9.0.1.
class KernelDevice : public ::testing::TestWithParam<const char*> {
 protected:
  bool has_link_layer() const { return std::string_view(GetParam()) != "tun"; }
  std::size_t ip_at() const { return has_link_layer() ? 14 : 0; }

  /// The kernel's interface and our device on it. Nothing when it cannot be had here.
  static std::unique_ptr<TinyPeer> connect() {
    const std::string kind = GetParam();
    std::string name = "d0";
    if (kind == "packet") {
      testing::make_veth("v0", "d0");
      name = "v0";
    }
    auto device = open_device(kind + ":" + name, {kOurMac});
    if (!device) {
      if (device.error().code == Error::not_permitted) skip_here(device.error().message);
      else ADD_FAILURE() << device.error().message;
      return nullptr;
    }
    if (kind != "tun") {
      shell("ip link set d0 address " + std::string("02:00:00:00:00:01"));
      shell("ip neigh replace 10.9.0.2 lladdr 02:00:00:00:00:02 dev d0 nud permanent");
    }
    shell("ip addr add 10.9.0.1/24 dev d0");
    return std::make_unique<TinyPeer>(std::move(*device), kKernelMac, kOurAddress, kKernelAddress);
  }
  static UniqueFd connecting_socket() {
    UniqueFd s(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const sockaddr_in a = endpoint("10.9.0.2", TinyPeer::kPort);
    EXPECT_EQ(::connect(s.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a), -1);
    EXPECT_EQ(errno, EINPROGRESS);
    return s;
  }
};

TEST_P(KernelDevice, DescribesItself) {
  const auto reason = in_namespace([&] {
    const auto peer = connect();
    if (!peer) return;
    const DeviceCaps& caps = peer->device().caps();
    EXPECT_EQ(caps.has_link_layer, has_link_layer());
    EXPECT_EQ(caps.mtu, 1500u);
    EXPECT_EQ(caps.max_super_segment, 65535u);
    EXPECT_TRUE(caps.completes_checksums);
    EXPECT_EQ(caps.mac, has_link_layer() ? std::optional(kOurMac) : std::nullopt);
    EXPECT_TRUE(interface_info("d0")->up);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelDevice, TheKernelAnswersArp) {
  if (!has_link_layer()) return;  // no neighbours there
  const auto reason = in_namespace([&] {
    const auto peer = connect();
    if (!peer) return;
    Slice s = peer->pool().allocate(BufferClass::header, 0, 14 + ArpPacket::kSize);
    make_ethernet(MacAddress::broadcast(), kOurMac, EtherType::arp).write(s.mutable_bytes());
    ArpPacket{ArpOperation::request, kOurMac, kOurAddress, {}, kKernelAddress}.write(s.mutable_bytes().subspan(14));
    ASSERT_TRUE(peer->send(Packet(std::move(s))));
    const auto reply =
        peer->await([](const Packet& p) { return EthernetHeader::parse(p.front())->ether_type() == EtherType::arp; });
    ASSERT_TRUE(reply);
    const auto arp = ArpPacket::parse(reply->front().subspan(14));
    ASSERT_TRUE(arp);
    EXPECT_EQ(arp->operation, ArpOperation::reply);
    EXPECT_EQ(arp->sender_ip, kKernelAddress);
    EXPECT_EQ(arp->sender_mac, kKernelMac);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelDevice, PartialUdpChecksumsAreMarkedAndHoldThePseudoHeadersSum) {
  const auto reason = in_namespace([&] {
    const auto peer = connect();
    if (!peer) return;
    const UniqueFd s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in a = endpoint("10.9.0.2", 9);
    const auto data = numbered_bytes(777);
    ASSERT_EQ(::sendto(s.get(), data.data(), data.size(), 0, reinterpret_cast<const sockaddr*>(&a), sizeof a), 777);
    const auto packet = peer->await([&](const Packet& p) {
      return p.size() > ip_at() + 28 && p.front()[ip_at()] == 0x45 && p.front()[ip_at() + 9] == 17;
    });
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->offload.checksum, ChecksumState::partial);
    EXPECT_EQ(packet->offload.checksum_start, ip_at() + 20);
    EXPECT_EQ(packet->offload.checksum_offset, UdpHeader::kChecksumOffset);
    EXPECT_EQ(packet->offload.gso_size, 0);
    const Transport t = transport_of(*packet, ip_at(), UdpHeader::kChecksumOffset);
    EXPECT_EQ(t.field, t.pseudo.fold());
    EXPECT_TRUE(std::equal(data.begin(), data.end(), t.bytes.begin() + UdpHeader::kSize, t.bytes.end()));
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelDevice, KernelTcpSendsSuperSegmentsOf64KilobytesWhole) {
  const auto reason = in_namespace([&] {
    const auto peer = connect();
    if (!peer) return;
    const UniqueFd s = connecting_socket();
    ASSERT_EQ(::setsockopt(s.get(), IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
    auto ours = peer->answer_handshake();
    ASSERT_TRUE(ours);
    const auto data = numbered_bytes(std::size_t{1} << 20);
    std::size_t queued = 0, received = 0, largest = 0, most_segments = 0;
    while (largest < 60000 && received < (std::size_t{64} << 20)) {
      const ssize_t n = ::send(s.get(), data.data() + queued % 251, data.size() - 251, MSG_DONTWAIT);
      if (n > 0) queued += static_cast<std::size_t>(n);
      Packet packet;
      const auto segment = peer->await_segment(&packet);
      ASSERT_TRUE(segment) << "after " << received << " bytes";
      ASSERT_EQ(segment->seq, ours->ack);
      if (segment->payload > 1460) {
        EXPECT_GT(packet.offload.gso_size, 0);
        EXPECT_LE(packet.offload.gso_size, 1460);
        EXPECT_EQ(packet.offload.header_length, packet.size() - segment->payload);
        most_segments = std::max<std::size_t>(most_segments, segment->payload / packet.offload.gso_size);
      }
      EXPECT_EQ(packet.offload.checksum, ChecksumState::partial);
      received += segment->payload;
      largest = std::max(largest, packet.size());
      ours->ack += static_cast<std::uint32_t>(segment->payload);
      ASSERT_TRUE(peer->send_segment(*ours, {}, {}));
    }
    EXPECT_GE(largest, 60000u);
    EXPECT_LE(largest, 65535u + 14);
    EXPECT_GE(most_segments, 40u);
    EXPECT_EQ(peer->device().counters().rx_dropped, 0u);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelDevice, KernelTcpTakesOurSuperSegments) {
  const auto reason = in_namespace([&] {
    const auto peer = connect();
    if (!peer) return;
    const UniqueFd s = connecting_socket();
    auto ours = peer->answer_handshake();
    ASSERT_TRUE(ours);
    constexpr std::size_t kTotal = 40 * 1460 + 77;
    const auto data = numbered_bytes(kTotal);
    // The kernel's window is 64 kB at first; a super-segment within it, with a short last segment.
    ASSERT_TRUE(peer->send_segment(*ours, {}, data, 1460));
    std::vector<std::uint8_t> got(kTotal);
    std::size_t have = 0;
    while (have < kTotal) {
      pollfd p{s.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&p, 1, 5000), 1) << "the kernel dropped it";
      const ssize_t n = ::recv(s.get(), got.data() + have, kTotal - have, 0);
      ASSERT_GT(n, 0);
      have += static_cast<std::size_t>(n);
    }
    EXPECT_EQ(got, data);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelDevice, ManySmallFramesArriveInOrderBatchAfterBatch) {
  const auto reason = in_namespace([&] {
    const auto peer = connect();
    if (!peer) return;
    const UniqueFd s(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in a = endpoint("10.9.0.2", 9);
    constexpr std::uint32_t kCount = 300;
    for (std::uint32_t i = 0; i < kCount; ++i) {
      ASSERT_EQ(::sendto(s.get(), &i, sizeof i, 0, reinterpret_cast<const sockaddr*>(&a), sizeof a), 4);
    }
    std::uint32_t next = 0;
    while (next < kCount) {
      PacketBatch batch;
      ASSERT_TRUE(peer->device().receive(batch, peer->pool()));
      ASSERT_FALSE(batch.empty()) << "lost after " << next;
      for (Packet& p : batch) {
        if (p.size() < ip_at() + 32 || p.front()[ip_at() + 9] != 17 || p.front()[ip_at()] != 0x45) continue;
        std::uint32_t number = 0;
        std::memcpy(&number, p.front().data() + ip_at() + 28, 4);
        ASSERT_EQ(number, next++);
      }
    }
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelDevice, ARemovedInterfaceIsAnErrorNotSilence) {
  const auto reason = in_namespace([&] {
    const auto peer = connect();
    if (!peer) return;
    shell("ip link del d0");
    PacketBatch batch;
    expected<void, Error> r;
    for (int i = 0; i < 3 && r; ++i) {  // frames from before may come first
      batch.clear();
      r = peer->device().receive(batch, peer->pool());
    }
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), Error::no_device);
    EXPECT_FALSE(peer->send(Packet(peer->pool().allocate(BufferClass::header, 0, 60))));
    EXPECT_EQ(peer->device().counters().tx_refused, 1u);
  });
  if (reason) GTEST_SKIP() << *reason;
}

INSTANTIATE_TEST_SUITE_P(Kinds, KernelDevice, ::testing::Values("tap", "tun", "packet"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace leat
