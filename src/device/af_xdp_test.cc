// AF_XDP: which frames are taken and which pass to the kernel, and everything about queues, modes and refusals. A
// packet socket on the interface sees what has passed.
#include "device/af_xdp.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <vector>

#include "device/af_packet.h"
#include "device/testing/in_namespace.h"
#include "device/testing/tiny_peer.h"
#include "device/testing/veth.h"
#include "device/unique_fd.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat {
namespace {

using ::testing::HasSubstr;
using testing::in_namespace;
using testing::shell;
using testing::skip_here;
using testing::TinyPeer;

constexpr IpAddress kXdpOurs = IpAddress::v4(10, 9, 0, 2), kOtherSide = IpAddress::v4(10, 9, 0, 3),
                    kPeer = IpAddress::v4(10, 9, 0, 1);
constexpr MacAddress kStation{{2, 0, 0, 0, 0, 2}}, kPeerMac{{2, 0, 0, 0, 0, 1}}, kStranger{{2, 0, 0, 0, 0, 9}};
constexpr std::uint16_t kPort = 8080;

/// The body in a namespace with a veth from v0, where the device is, to d0; skipped where AF_XDP is not to be had.
void run_with_veth(const std::function<void()>& body, std::optional<std::string>& reason, const char* queues = "") {
  reason = in_namespace([&] {
    if (const auto refusal = xdp_refusal()) return skip_here(refusal->message);
    shell("ip link set lo up; sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1");
    const std::string q = queues;
    if (q.empty()) {
      testing::make_veth("v0", "d0");
    } else {
      shell("ip link add v0 " + q + " type veth peer name d0 " + q + "; ip link set v0 up; ip link set d0 up");
    }
    shell("ip link set v0 address 02:00:00:00:00:02; ip link set d0 address 02:00:00:00:00:01");
    body();
  });
}
#define RUN_WITH_VETH(...)                    \
  std::optional<std::string> reason;          \
  run_with_veth([&] { __VA_ARGS__ }, reason); \
  if (reason) GTEST_SKIP() << *reason

std::unique_ptr<Device> open_xdp(const std::string& name, const DeviceOptions& options) {
  auto device = open_af_xdp(name, options);
  EXPECT_TRUE(device) << device.error().message;
  return device ? std::move(*device) : nullptr;
}

DeviceOptions own_address() {
  DeviceOptions options;
  options.addresses = {kXdpOurs};
  return options;
}

std::unique_ptr<Device> open_tap_on(const std::string& interface) {
  DeviceOptions options;
  options.whole_wire = true;
  auto device = open_af_packet(interface, options);
  EXPECT_TRUE(device) << device.error().message;
  return device ? std::move(*device) : nullptr;
}

/// A frame, one byte of which tells it from others.
using Frame = std::vector<std::uint8_t>;
constexpr std::size_t kMarkAt = 79;

Frame blank(std::uint8_t mark, const MacAddress& to, EtherType type) {
  Frame frame(kMarkAt + 1);
  make_ethernet(to, kPeerMac, type).write(frame);
  frame[kMarkAt] = mark;
  return frame;
}

Frame arp_frame(std::uint8_t mark, ArpOperation operation, const IpAddress& target) {
  Frame frame = blank(mark, operation == ArpOperation::request ? MacAddress::broadcast() : kStation, EtherType::arp);
  ArpPacket{operation, kPeerMac, kPeer, kStation, target}.write(MutableBytes(frame).subspan(14));
  return frame;
}

struct Datagram {
  IpAddress to = kXdpOurs;
  IpProtocol protocol = IpProtocol::tcp;
  std::uint16_t port = kPort;
  std::uint16_t fragment_offset = 0;
  bool more_fragments = false;
  std::size_t options = 0;  ///< bytes of IP options
  MacAddress station = kStation;
};
Frame ip(std::uint8_t mark, const Datagram& d) {
  Frame frame = blank(mark, d.station, EtherType::ipv4);
  const MutableBytes datagram = MutableBytes(frame).subspan(14);
  Ipv4Header header;
  header.protocol = d.protocol;
  header.source = kPeer;
  header.destination = d.to;
  header.fragment_offset = d.fragment_offset;
  header.more_fragments = d.more_fragments;
  header.total_length = static_cast<std::uint16_t>(datagram.size());
  header.write(datagram);
  datagram[0] = static_cast<std::uint8_t>(0x40 | (Ipv4Header::kSize + d.options) / 4);
  store_be16(datagram.data() + Ipv4Header::kSize + d.options + 2, d.port);
  return frame;
}

/// Devices keep blocks of it, so it outlives them: the test's process ends with it.
BufferPool& pool() {
  static BufferPool only;
  return only;
}

void send(Device& device, const std::vector<Frame>& frames) {
  PacketBatch batch;
  for (const Frame& frame : frames) batch.push(Packet(pool().copy_of(frame)));
  device.transmit(batch);
  EXPECT_TRUE(batch.empty());
}

/// The marks of the frames that arrive until nothing comes any more.
std::string marks(Device& device) {
  std::string found;
  for (;;) {
    PacketBatch batch;
    pollfd p{device.descriptor(), POLLIN, 0};
    ::poll(&p, 1, 100);
    EXPECT_TRUE(device.receive(batch, pool()));
    if (batch.empty()) return found;
    for (Packet& packet : batch) {
      std::uint8_t mark = 0;
      if (packet.copy_out(kMarkAt, {&mark, 1})) found += static_cast<char>(mark);
    }
  }
}

TEST(XdpTarget, HasAnInterfaceAndMayHaveAQueue) {
  EXPECT_EQ(parse_xdp_target("eth0").interface, "eth0");
  EXPECT_FALSE(parse_xdp_target("eth0").queue);
  EXPECT_EQ(parse_xdp_target("eth0:12").interface, "eth0");
  EXPECT_EQ(parse_xdp_target("eth0:12").queue, 12u);
  EXPECT_EQ(parse_xdp_target("eth0:a").interface, "eth0:a");
  EXPECT_EQ(parse_xdp_target("a:b:0").interface, "a:b");
}

TEST(AfXdp, TakesItsAddressWholeAndTheArpForItAndLeavesTheRest) {
  RUN_WITH_VETH({
    const auto device = open_xdp("v0", own_address());
    const auto passed = open_tap_on("v0"), peer = open_tap_on("d0");
    ASSERT_TRUE(device && passed && peer);
    EXPECT_EQ(device->caps().mac, kStation) << "the interface's own";
    EXPECT_THAT(device->description(), HasSubstr("native XDP, copy mode, 1 queue"));
    Frame tagged = ip('v', {});
    tagged[12] = 0x81, tagged[13] = 0;
    send(*peer, {
                    arp_frame('A', ArpOperation::request, kXdpOurs),
                    arp_frame('B', ArpOperation::reply, kXdpOurs),
                    ip('C', {}),
                    ip('D', {.protocol = IpProtocol::udp}),
                    ip('E', {.fragment_offset = 64}),
                    ip('F', {.options = 8}),
                    ip('G', {.protocol = IpProtocol::icmp}),
                    arp_frame('a', ArpOperation::request, kOtherSide),
                    arp_frame('b', ArpOperation::reply, kOtherSide),
                    ip('c', {.to = kOtherSide}),
                    ip('d', {.to = IpAddress::v4(10, 9, 0, 255), .station = MacAddress::broadcast()}),
                    ip('e', {.station = kStranger}),
                    tagged,
                    blank('g', kStation, EtherType::ipv6),
                    ip('h', {.to = kOtherSide, .fragment_offset = 8, .more_fragments = true}),
                });
    EXPECT_EQ(marks(*device), "ABCDEFG");
    EXPECT_EQ(marks(*passed), "abcdegh") << "and the tagged one, which a packet device drops";
    EXPECT_EQ(device->counters().rx_packets, 7u);
    EXPECT_EQ(device->counters().rx_dropped, 0u);
  });
}

TEST(AfXdp, AStationAddressOfItsOwnMakesTheInterfacePromiscuousWhileItIsOpen) {
  RUN_WITH_VETH({
    DeviceOptions options = own_address();
    options.mac = kStranger;
    {
      const auto device = open_xdp("v0", options);
      const auto peer = open_tap_on("d0");
      ASSERT_TRUE(device && peer);
      shell("ip -d link show dev v0 | grep -q 'promiscuity 1'");
      send(*peer, {ip('a', {}), ip('B', {.station = kStranger})});
      EXPECT_EQ(marks(*device), "B");
    }
    shell("ip -d link show dev v0 | grep -q 'promiscuity 0'");
  });
}

TEST(AfXdp, OnASharedAddressOnlyClaimedPortsAreTaken) {
  RUN_WITH_VETH({
    shell("ip addr add 10.9.0.2/24 dev v0; ip addr add 10.9.0.3/24 dev v0");
    DeviceOptions options = own_address();
    options.shares_host_address = true;
    options.addresses.push_back(kOtherSide);
    const auto device = open_xdp("v0", options);
    const auto passed = open_tap_on("v0"), peer = open_tap_on("d0");
    ASSERT_TRUE(device && passed && peer);
    EXPECT_EQ(device->caps().mac, kStation);
    EXPECT_EQ(device->claim_port(kXdpOurs, kPort).value_or(0), kPort);
    EXPECT_EQ(device->claim_port(IpAddress::any_v4(), 81).value_or(0), 81);
    const std::vector<Frame> frames{
        ip('A', {}),
        ip('B', {.options = 40}),
        ip('C', {.to = kOtherSide, .port = 81}),
        arp_frame('D', ArpOperation::reply, kXdpOurs),  // for both
        ip('a', {.port = 8081}),
        ip('b', {.to = kOtherSide}),
        ip('c', {.to = IpAddress::v4(10, 9, 7, 7), .port = 81}),  // to be forwarded
        ip('d', {.protocol = IpProtocol::udp}),
        arp_frame('f', ArpOperation::request, kXdpOurs),
    };
    send(*peer, frames);
    EXPECT_EQ(marks(*device), "ABCDc") << "c is but a copy, which the stack will not take";
    EXPECT_EQ(marks(*passed), "Dabcdf");
    device->release_port(kPort);
    send(*peer, frames);
    EXPECT_EQ(marks(*device), "CDc");
    EXPECT_EQ(marks(*passed), "ABDabcdf");
  });
}

TEST(AfXdp, WithoutANumberAllQueuesAreUsed) {
  std::optional<std::string> reason;
  run_with_veth(
      [] {
        DeviceOptions options = own_address();
        {
          const auto device = open_xdp("v0", options);
          const auto peer = open_tap_on("d0");
          ASSERT_TRUE(device && peer);
          EXPECT_THAT(device->description(), HasSubstr("4 queues"));
          std::vector<Frame> frames;
          for (std::uint8_t i = 0; i < 60; ++i) frames.push_back(ip(static_cast<std::uint8_t>('A' + i), {.port = i}));
          send(*peer, frames);
          EXPECT_EQ(marks(*device).size(), frames.size());
          send(*device, frames);
          EXPECT_EQ(marks(*peer).size(), frames.size());
        }
        const auto device = open_xdp("v0:3", options);
        ASSERT_TRUE(device);
        EXPECT_THAT(device->description(), HasSubstr("1 queue"));
        const auto refused = open_af_xdp("v0:4", options);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Error::invalid_argument);
        EXPECT_THAT(refused.error().message, HasSubstr("its queues are 0 to 3"));
      },
      reason, "numrxqueues 4 numtxqueues 4");
  if (reason) GTEST_SKIP() << *reason;
}

std::vector<std::unique_ptr<Device>> open_cores(const DeviceOptions& options, unsigned cores) {
  auto devices = open_queues("xdp:v0", options, cores);
  EXPECT_TRUE(devices) << devices.error().message;
  return devices ? std::move(*devices) : std::vector<std::unique_ptr<Device>>();
}

/// One for each mark, each of a flow of its own.
std::vector<Frame> flows(const std::string& all) {
  std::vector<Frame> frames;
  for (const char mark : all) frames.push_back(ip(static_cast<std::uint8_t>(mark), {.port = std::uint16_t(mark)}));
  return frames;
}

std::string sorted(std::string text) {
  std::sort(text.begin(), text.end());
  return text;
}

TEST(AfXdp, CoresShareTheQueuesAndEachHasTheSameFlowsAlways) {
  const auto body = [] {
    const std::string all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    auto cores = open_cores(own_address(), 2);
    const auto passed = open_tap_on("v0"), peer = open_tap_on("d0");
    ASSERT_TRUE(cores.size() == 2 && passed && peer);
    EXPECT_THAT(cores[0]->description(), HasSubstr("2 queues"));
    EXPECT_THAT(cores[1]->description(), HasSubstr("1 queue"));
    send(*peer, flows(all));
    const std::string first = marks(*cores[0]), second = marks(*cores[1]);
    EXPECT_FALSE(first.empty() || second.empty());
    EXPECT_EQ(sorted(first + second), sorted(all));
    send(*peer, flows(all));
    EXPECT_EQ(sorted(marks(*cores[0])), sorted(first));
    EXPECT_EQ(sorted(marks(*cores[1])), sorted(second));
    send(*cores[0], flows(first));
    EXPECT_EQ(marks(*peer), first);
    send(*cores[1], flows(second));
    EXPECT_EQ(marks(*peer), second);
    EXPECT_EQ(marks(*passed), "");

    cores.erase(cores.begin());
    send(*peer, flows(all));
    EXPECT_EQ(sorted(marks(*cores[0])), sorted(second));
    EXPECT_EQ(sorted(marks(*passed)), sorted(first)) << "of the core that is gone";
    cores.clear();
    shell("ip link show dev v0 | grep -vq xdp");
    EXPECT_EQ(open_cores(own_address(), 3).size(), 3u) << "free again";
  };
  std::optional<std::string> reason;
  run_with_veth(body, reason, "numrxqueues 3 numtxqueues 3");
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfXdp, OnASharedAddressAPortIsOursWhileACoreHoldsIt) {
  const auto body = [] {
    shell("ip addr add 10.9.0.2/24 dev v0");
    DeviceOptions options = own_address();
    options.shares_host_address = true;
    auto cores = open_cores(options, 2);
    const auto passed = open_tap_on("v0"), peer = open_tap_on("d0");
    ASSERT_TRUE(cores.size() == 2 && passed && peer);
    const auto received = [&] {
      send(*peer, {ip('A', {}), arp_frame('D', ArpOperation::reply, kXdpOurs)});
      return sorted(marks(*cores[0]) + (cores.size() > 1 ? marks(*cores[1]) : ""));
    };
    EXPECT_EQ(cores[1]->claim_port(kXdpOurs, kPort).value_or(0), kPort);
    EXPECT_EQ(cores[0]->claim_port(kXdpOurs, kPort).value_or(0), kPort);
    EXPECT_EQ(received(), "AD") << "the reply is told to the first one, as a copy";
    EXPECT_EQ(marks(*passed), "D");
    cores[1]->release_port(kPort);
    cores[1]->release_port(kPort);
    EXPECT_EQ(received(), "AD");
    EXPECT_EQ(cores[1]->claim_port(kXdpOurs, kPort).value_or(0), kPort);
    cores[0]->release_port(kPort);
    EXPECT_EQ(received(), "AD");
    EXPECT_EQ(marks(*passed), "DD");
    EXPECT_TRUE(cores[0]->claim_port(kXdpOurs, 81));
    cores.pop_back();
    EXPECT_EQ(received(), "D") << "the last one that held it has ended";
    EXPECT_EQ(marks(*passed), "AD");
  };
  std::optional<std::string> reason;
  run_with_veth(body, reason, "numrxqueues 2 numtxqueues 2");
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfXdp, RefusalsSayWhatToDo) {
  RUN_WITH_VETH({
    const auto expect_error = [](const char* name, Error code, const char* hint) {
      const auto device = open_af_xdp(name, own_address());
      ASSERT_FALSE(device) << name;
      EXPECT_EQ(device.error().code, code) << device.error().message;
      EXPECT_THAT(device.error().message, HasSubstr(hint));
    };
    expect_error("no-such", Error::no_device, "ip link");
    expect_error("no-such:0", Error::no_device, "\"no-such\"");
    expect_error("v0:x", Error::invalid_argument, "a queue is a number, such as in xdp:v0:0");
    expect_error("v0:1", Error::invalid_argument, "its queues are 0 to 0");
    const auto two = open_queues("xdp:v0", own_address(), 2);
    ASSERT_FALSE(two);
    EXPECT_THAT(two.error().message, HasSubstr("`sudo ethtool -L v0 rx 2 tx 2`"));
    {
      const auto first = open_xdp("v0", own_address());
      expect_error("v0", Error::address_in_use, "another XDP program is attached to v0");
    }
    EXPECT_TRUE(open_xdp("v0", own_address())) << "free again";
    shell("ip link set v0 down");
    expect_error("v0", Error::no_device, "ip link set v0 up");
    shell("ip link set v0 up");
    ASSERT_EQ(::setresgid(65534, 65534, 65534), 0);
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    expect_error("v0", Error::not_permitted, "run as root");
    ASSERT_TRUE(xdp_refusal());
    EXPECT_EQ(xdp_refusal()->code, Error::not_permitted);
  });
}

TEST(AfXdp, ARemovedInterfaceIsAnErrorNotSilence) {
  RUN_WITH_VETH({
    const auto device = open_xdp("v0", own_address());
    ASSERT_TRUE(device);
    PacketBatch batch;
    EXPECT_TRUE(device->receive(batch, pool()));
    shell("ip link del d0");
    pollfd p{device->descriptor(), POLLIN, 0};
    EXPECT_EQ(::poll(&p, 1, 5000), 1) << "nobody was told";
    const auto received = device->receive(batch, pool());
    ASSERT_FALSE(received);
    EXPECT_EQ(received.error(), Error::no_device);
    batch.push(Packet(pool().copy_of(ip('A', {}))));
    device->transmit(batch);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(device->counters().tx_refused, 1u);
  });
}

/// A burst larger than all rings: what does not fit waits, and nothing is lost or mixed up on the way out.
TEST(AfXdp, SendsMoreThanItsRingsHold) {
  RUN_WITH_VETH({
    const auto device = open_xdp("v0", own_address());
    const auto peer = open_tap_on("d0");
    ASSERT_TRUE(device && peer);
    constexpr std::uint32_t kCount = 6000;
    std::uint32_t sent = 0, received = 0;
    PacketBatch out;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (received < kCount && std::chrono::steady_clock::now() < deadline) {
      while (sent < kCount && !out.full()) {
        Frame frame = ip('A', {});
        std::memcpy(frame.data() + 40, &sent, sizeof sent);
        ++sent;
        out.push(Packet(pool().copy_of(frame)));
      }
      device->transmit(out);
      PacketBatch in;
      ASSERT_TRUE(peer->receive(in, pool()));
      for (Packet& packet : in) {
        std::uint32_t number = 0;
        std::memcpy(&number, packet.front().data() + 40, sizeof number);
        ASSERT_EQ(number, received++);
      }
    }
    EXPECT_EQ(received, kCount);
    EXPECT_EQ(device->counters().tx_packets, kCount);
    EXPECT_EQ(device->counters().tx_refused, 0u);
  });
}

UniqueFd datagram_socket(const char* to) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(9);
  ::inet_pton(AF_INET, to, &a.sin_addr);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a), 0);
  return fd;
}

/// The kernel at 10.9.0.1 on d0, ourselves at 10.9.0.2 on `name`.
std::unique_ptr<TinyPeer> beside_kernel(const std::string& name, const MacAddress& station = kStation) {
  auto device = open_xdp(name, own_address());
  if (!device) return nullptr;
  shell("ip addr add 10.9.0.1/24 dev d0; ip neigh replace 10.9.0.2 lladdr " + station.to_string() +
        " dev d0 nud permanent");
  return std::make_unique<TinyPeer>(std::move(device), kPeerMac, kXdpOurs, kPeer);
}

bool is_datagram(const Packet& packet) { return packet.front()[12] == 8 && packet.front()[14 + 9] == 17; }

/// A veth carries checksums that nobody has filled in, and XDP is not told.
TEST(AfXdp, SeesThatAChecksumHasNotBeenFilledIn) {
  RUN_WITH_VETH({
    const auto peer = beside_kernel("v0");
    ASSERT_TRUE(peer);
    const UniqueFd socket = datagram_socket("10.9.0.2");
    const std::vector<std::uint8_t> data(777, 0x5a);
    for (const bool offloaded : {true, false}) {
      shell(std::string("ethtool -K d0 tx ") + (offloaded ? "on" : "off") + " >/dev/null");
      ASSERT_EQ(::send(socket.get(), data.data(), data.size(), 0), 777);
      const auto packet = peer->await(is_datagram);
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->size(), 14u + 28 + 777);
      EXPECT_EQ(packet->offload.checksum, offloaded ? ChecksumState::partial : ChecksumState::unchecked);
    }
    EXPECT_EQ(peer->device().counters().rx_partial_checksums, 1u);
  });
}

TEST(AfXdp, FramesLargerThanAPageTakeSeveral) {
  RUN_WITH_VETH({
    shell("ip link set v0 mtu 9000; ip link set d0 mtu 9000");
    const auto peer = beside_kernel("v0");
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->device().caps().mtu, 9000u);
    const UniqueFd socket = datagram_socket("10.9.0.2");
    std::vector<std::uint8_t> data(8972);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
    ASSERT_EQ(::send(socket.get(), data.data(), data.size(), 0), 8972);
    auto packet = peer->await(is_datagram);
    ASSERT_TRUE(packet);
    ASSERT_EQ(packet->size(), 14u + 28 + data.size());
    std::vector<std::uint8_t> got(data.size());
    ASSERT_TRUE(packet->copy_out(42, got));
    EXPECT_EQ(got, data);

    const auto wire = open_tap_on("d0");
    EXPECT_TRUE(peer->send(std::move(*packet)));
    PacketBatch batch;
    pollfd p{wire->descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&p, 1, 5000), 1);
    ASSERT_TRUE(wire->receive(batch, pool()));
    ASSERT_EQ(batch.size(), 1u);
    ASSERT_EQ(batch.packets()[0].size(), 42 + data.size());
    ASSERT_TRUE(batch.packets()[0].copy_out(42, got));
    EXPECT_EQ(got, data);
  });
}

/// Generic XDP comes after the kernel has joined segments: they arrive as super-segments, whole.
TEST(AfXdp, WhereTheDriverCannotTheKernelsSuperSegmentsArrive) {
  RUN_WITH_VETH({
    shell("ip link add m0 link v0 address 02:00:00:00:00:09 type macvlan mode bridge; ip link set m0 up");
    const auto peer = beside_kernel("m0", kStranger);
    ASSERT_TRUE(peer);
    EXPECT_THAT(peer->device().description(), HasSubstr("generic XDP, copy mode"));
    EXPECT_THAT(peer->device().description(), HasSubstr("native: "));
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(TinyPeer::kPort);
    ::inet_pton(AF_INET, "10.9.0.2", &a.sin_addr);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&a), sizeof a), -1);
    auto ours = peer->answer_handshake();
    ASSERT_TRUE(ours);
    const std::vector<std::uint8_t> data(std::size_t{1} << 20, 0x5a);
    std::size_t received = 0, largest = 0;
    while (largest < 10000 && received < (std::size_t{16} << 20)) {
      (void)!::send(socket.get(), data.data(), data.size(), MSG_DONTWAIT);
      Packet packet;
      const auto segment = peer->await_segment(&packet);
      ASSERT_TRUE(segment) << "after " << received << " bytes";
      ASSERT_EQ(segment->seq, ours->ack);
      EXPECT_EQ(packet.offload.gso_size > 0, segment->payload > 1460);
      received += segment->payload;
      largest = std::max(largest, segment->payload);
      ours->ack += static_cast<std::uint32_t>(segment->payload);
      ASSERT_TRUE(peer->send_segment(*ours, {}, {}));
    }
    EXPECT_GE(largest, 10000u);
    EXPECT_EQ(peer->device().counters().rx_dropped, 0u);
  });
}

}  // namespace
}  // namespace leat
