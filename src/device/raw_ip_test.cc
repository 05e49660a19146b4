// Raw IP sockets and guard sockets against the kernel's own TCP, on loopback in a namespace.
#include "device/raw_ip.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>

#include "device/guard_socket.h"
#include "device/testing/in_namespace.h"
#include "device/unique_fd.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat {
namespace {

using testing::in_namespace;
using testing::shell;
using testing::shell_succeeds;
using testing::skip_here;

constexpr IpAddress kHere = IpAddress::v4(127, 0, 0, 1);

sockaddr_in socket_name(std::uint16_t port, const IpAddress& address = kHere) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(address.v4_value());
  return a;
}

UniqueFd raw_test_socket(int flags = 0) { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

int bind_to(const UniqueFd& fd, std::uint16_t port, const IpAddress& address = kHere) {
  const sockaddr_in at = socket_name(port, address);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 ? 0 : errno;
}

/// Begins to connect a kernel socket to a port here, which sends a SYN at once.
UniqueFd begin_connecting(std::uint16_t port) {
  UniqueFd fd = raw_test_socket(SOCK_NONBLOCK);
  const sockaddr_in to = socket_name(port);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), -1);
  EXPECT_TRUE(errno == EINPROGRESS || errno == ECONNREFUSED) << errno;
  return fd;
}

/// Whether the kernel answers for the port that nobody is there.
bool is_refused(std::uint16_t port) {
  const UniqueFd fd = raw_test_socket();
  const sockaddr_in to = socket_name(port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno == ECONNREFUSED;
}

class RawIp {
 public:
  RawIp() : device_(open()) {}

  Device& operator*() { return *device_; }
  Device* operator->() { return device_.get(); }

  /// Waits for a datagram that `wanted` accepts; earlier ones are dropped. Nothing after five seconds.
  std::optional<Packet> await(const std::function<bool(const Packet&)>& wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (std::chrono::steady_clock::now() < end) {
      for (Packet& packet : receive()) {
        if (wanted(packet)) return std::move(packet);
      }
    }
    return std::nullopt;
  }
  /// What is there, or comes within a moment.
  std::span<Packet> receive() {
    batch_.clear();
    pollfd p{device_->descriptor(), POLLIN, 0};
    ::poll(&p, 1, 50);
    EXPECT_TRUE(device_->receive(batch_, pool_));
    return batch_.packets();
  }
  /// Sends `header` and `body` as one datagram to ourselves; true when the device took it.
  bool send(IpProtocol protocol, Bytes body) {
    Slice bytes = pool_.allocate(class_for(Ipv4Header::kSize + body.size()), 0, Ipv4Header::kSize + body.size());
    Ipv4Header header;
    header.protocol = protocol;
    header.source = header.destination = kHere;
    header.total_length = static_cast<std::uint16_t>(bytes.size());
    header.dont_fragment = true;
    header.write(bytes.mutable_bytes());
    std::copy(body.begin(), body.end(), bytes.mutable_bytes().begin() + Ipv4Header::kSize);
    PacketBatch batch;
    batch.push(Packet(std::move(bytes)));
    device_->transmit(batch);
    return batch.empty();
  }

 private:
  static std::unique_ptr<Device> open() {
    auto device = open_raw_ip("");
    EXPECT_TRUE(device) << device.error().message;
    return std::move(*device);
  }
  BufferPool pool_;
  std::unique_ptr<Device> device_;
  PacketBatch batch_;
};

std::optional<TcpHeader> tcp_of(const Packet& packet) {
  const auto ip = Ipv4Header::parse(packet.front(), packet.size());
  if (!ip || ip->protocol != IpProtocol::tcp) return std::nullopt;
  return TcpHeader::parse(packet.front().subspan(ip->header_length));
}

std::function<bool(const Packet&)> syn_to(std::uint16_t port) {
  return [port](const Packet& packet) {
    const auto tcp = tcp_of(packet);
    return tcp && tcp->destination_port == port && tcp->flags.syn();
  };
}

void run_with_loopback(const std::function<void()>& body, std::optional<std::string>& reason) {
  reason = in_namespace([&] {
    shell("ip link set lo up");
    body();
  });
}
#define RUN_WITH_LOOPBACK(...)                   \
  std::optional<std::string> reason;             \
  run_with_loopback([] { __VA_ARGS__ }, reason); \
  if (reason) GTEST_SKIP() << *reason

TEST(GuardSocket, ReservesThePortAndKeepsTheKernelQuiet) {
  RUN_WITH_LOOPBACK({
    EXPECT_TRUE(is_refused(80)) << "the kernel answers where nobody is";
    {
      auto guard = GuardSocket::open(kHere, 80);
      ASSERT_TRUE(guard);
      EXPECT_EQ(guard->port(), 80);
      EXPECT_EQ(bind_to(raw_test_socket(), 80), EADDRINUSE);
      const UniqueFd waiting = begin_connecting(80);
      pollfd p{waiting.get(), POLLOUT, 0};
      EXPECT_EQ(::poll(&p, 1, 100), 0) << "somebody answered";
      EXPECT_EQ(GuardSocket::open(kHere, 80).error(), Error::address_in_use);
      EXPECT_EQ(GuardSocket::open(IpAddress::any_v4(), 80).error(), Error::address_in_use);
      EXPECT_EQ(GuardSocket::open(IpAddress::v4(192, 0, 2, 1), 80).error(), Error::address_not_available);
    }
    EXPECT_EQ(bind_to(raw_test_socket(), 80), 0);
  });
}

TEST(GuardSocket, PortZeroPicksAFreeOne) {
  RUN_WITH_LOOPBACK({
    auto one = GuardSocket::open(kHere, 0);
    auto other = GuardSocket::open(kHere, 0);
    ASSERT_TRUE(one && other);
    EXPECT_GT(one->port(), 1023);
    EXPECT_NE(one->port(), other->port());
    EXPECT_TRUE(one->covers(kHere));
    EXPECT_FALSE(one->covers(IpAddress::v4(127, 0, 0, 2)));
  });
}

TEST(RawIpDevice, SeesOnlyClaimedPorts) {
  RUN_WITH_LOOPBACK({
    RawIp raw;
    EXPECT_FALSE(raw->caps().has_link_layer);
    EXPECT_TRUE(raw->caps().shares_host_address);
    EXPECT_TRUE(is_refused(80));
    EXPECT_TRUE(raw.receive().empty()) << "nothing is claimed";

    ASSERT_EQ(raw->claim_port(kHere, 80).value_or(0), 80);
    EXPECT_EQ(raw->claim_port(kHere, 80).value_or(0), 80) << "claimed twice";
    const UniqueFd client = begin_connecting(80);
    EXPECT_TRUE(is_refused(81));
    EXPECT_TRUE(raw.await(syn_to(80)));
    for (const Packet& packet : raw.receive()) EXPECT_TRUE(syn_to(80)(packet));

    raw->release_port(80);
    EXPECT_TRUE(is_refused(80));
    EXPECT_EQ(raw->counters().rx_dropped, 0u) << "what the filter keeps out is not lost";
  });
}

TEST(RawIpDevice, WithManyPortsTheFilterGrowsNoLongerAndTheJudgementStaysExact) {
  RUN_WITH_LOOPBACK({
    RawIp raw;
    constexpr std::uint16_t kFirst = 2000, kStep = 300, kPorts = 200;
    for (std::uint16_t i = 0; i < kPorts; ++i) {
      const auto port = static_cast<std::uint16_t>(kFirst + i * kStep);
      ASSERT_EQ(raw->claim_port(kHere, port).value_or(0), port) << i;
      if (i % 20 != 0) continue;
      const UniqueFd client = begin_connecting(port);
      EXPECT_TRUE(raw.await(syn_to(port))) << port;
      EXPECT_TRUE(is_refused(static_cast<std::uint16_t>(port + 1)));
      for (const Packet& packet : raw.receive()) {
        EXPECT_FALSE(syn_to(static_cast<std::uint16_t>(port + 1))(packet)) << "not claimed, though in its block";
      }
    }
    for (std::uint16_t i = 1; i < kPorts; ++i) raw->release_port(static_cast<std::uint16_t>(kFirst + i * kStep));
    const UniqueFd client = begin_connecting(kFirst);
    EXPECT_TRUE(raw.await(syn_to(kFirst)));
    EXPECT_TRUE(is_refused(kFirst + kStep));
  });
}

TEST(RawIpDevice, TellsAPartialChecksumFromAFullOne) {
  RUN_WITH_LOOPBACK({
    RawIp raw;
    ASSERT_TRUE(raw->claim_port(kHere, 80));
    const UniqueFd client = begin_connecting(80);
    const auto syn = raw.await(syn_to(80));
    ASSERT_TRUE(syn);
    EXPECT_EQ(syn->offload.checksum, ChecksumState::partial) << "loopback fills none in";
    EXPECT_EQ(syn->offload.checksum_start, 20);
    EXPECT_GT(raw->counters().rx_partial_checksums, 0u);

    std::array<std::uint8_t, TcpHeader::kSize> segment{};
    TcpHeader header;
    header.source_port = 1234, header.destination_port = 80;
    header.flags = kTcpSyn;
    header.checksum = 0x1234;
    header.write(segment);
    ASSERT_TRUE(raw.send(IpProtocol::tcp, segment));
    const auto ours = raw.await([](const Packet& p) {
      const auto tcp = tcp_of(p);
      return tcp && tcp->source_port == 1234;
    });
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->offload.checksum, ChecksumState::unchecked);
  });
}

/// An ICMP error of `type` that quotes a segment from `port` here.
std::vector<std::uint8_t> icmp_error(IcmpType type, IpProtocol quoted, std::uint16_t port) {
  std::vector<std::uint8_t> message(IcmpHeader::kSize + Ipv4Header::kSize + 8);
  IcmpHeader{type, 1, 0, 0}.write(message);
  Ipv4Header ip;
  ip.protocol = quoted;
  ip.source = ip.destination = kHere;
  ip.total_length = 40;
  ip.write(MutableBytes(message).subspan(IcmpHeader::kSize));
  store_be16(message.data() + IcmpHeader::kSize + Ipv4Header::kSize, port);
  ChecksumAccumulator sum;
  sum.add(message);
  store_be16(message.data() + IcmpHeader::kChecksumOffset, sum.finish());
  return message;
}

TEST(RawIpDevice, HearsIcmpErrorsAboutItsOwnSegmentsAndEchoReplies) {
  RUN_WITH_LOOPBACK({
    RawIp raw;
    ASSERT_TRUE(raw->claim_port(kHere, 5000));
    EXPECT_TRUE(raw.send(IpProtocol::icmp, icmp_error(IcmpType::echo_request, IpProtocol::tcp, 5000)));
    EXPECT_TRUE(raw.send(IpProtocol::icmp, icmp_error(IcmpType::destination_unreachable, IpProtocol::udp, 5000)));
    EXPECT_TRUE(raw.send(IpProtocol::icmp, icmp_error(IcmpType::destination_unreachable, IpProtocol::tcp, 5001)));
    const auto echo = raw.await([](const Packet&) { return true; });
    ASSERT_TRUE(echo) << "the kernel's answer";
    EXPECT_EQ(echo->front()[20], static_cast<std::uint8_t>(IcmpType::echo_reply));
    for (const IcmpType type :
         {IcmpType::destination_unreachable, IcmpType::time_exceeded, IcmpType::parameter_problem}) {
      EXPECT_TRUE(raw.send(IpProtocol::icmp, icmp_error(type, IpProtocol::tcp, 5000)));
      const auto heard = raw.await([](const Packet&) { return true; });
      ASSERT_TRUE(heard) << static_cast<int>(type);
      EXPECT_EQ(heard->front()[20], static_cast<std::uint8_t>(type)) << "the others were not for us";
      const auto quote = IcmpQuote::parse(heard->front().subspan(28));
      EXPECT_TRUE(quote && quote->source_port == 5000);
    }
    EXPECT_EQ(raw->counters().rx_packets, 4u);
  });
}

TEST(RawIpDevice, ASendThatAFirewallRefusesIsCountedAndGone) {
  RUN_WITH_LOOPBACK({
    if (!shell_succeeds("nft add table ip t && nft add chain ip t o '{ type filter hook output priority 0; }' && "
                        "nft add rule ip t o tcp dport 80 drop")) {
      return skip_here("no nft rule possible: apt-get install nftables");
    }
    RawIp raw;
    std::array<std::uint8_t, TcpHeader::kSize> segment{};
    TcpHeader header;
    header.source_port = 1234, header.destination_port = 80;
    header.write(segment);
    EXPECT_TRUE(raw.send(IpProtocol::tcp, segment)) << "neither error nor back-pressure";
    EXPECT_EQ(raw->counters().tx_refused, 1u);
    EXPECT_EQ(raw->counters().tx_packets, 0u);
    const std::vector<std::uint8_t> too_long(65500);
    EXPECT_TRUE(raw.send(IpProtocol::tcp, Bytes(too_long)));
    EXPECT_EQ(raw->counters().tx_packets + raw->counters().tx_refused, 2u);
  });
}

TEST(RawIpDevice, KnowsTheKernelsWay) {
  RUN_WITH_LOOPBACK({
    RawIp raw;
    const auto home = raw->path_to(kHere);
    ASSERT_TRUE(home);
    EXPECT_EQ(home->source, kHere);
    EXPECT_EQ(home->mtu, 65535u);
    EXPECT_EQ(raw->path_to(IpAddress::v4(192, 0, 2, 1)).error(), Error::network_unreachable);
    shell(
        "ip link add v0 mtu 1400 type veth peer name v1 && ip addr add 10.5.0.1/24 dev v0 && ip link set v0 up && "
        "ip link set v1 up && ip route add 192.0.2.0/24 via 10.5.0.2 mtu 1300");
    const auto away = raw->path_to(IpAddress::v4(192, 0, 2, 1));
    ASSERT_TRUE(away);
    EXPECT_EQ(away->source, IpAddress::v4(10, 5, 0, 1));
    EXPECT_EQ(away->mtu, 1300u);
    EXPECT_EQ(RawIp()->caps().mtu, 1400u) << "the smallest but loopback's";
  });
}

}  // namespace
}  // namespace leat
