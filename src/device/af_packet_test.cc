// What only packet sockets do: filtering, VLAN tags, the kernel splitting for plain interfaces, refused sends.
#include "device/af_packet.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstring>
#include <vector>

#include "device/testing/in_namespace.h"
#include "device/testing/tiny_peer.h"
#include "device/testing/veth.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat {
namespace {

using testing::in_namespace;
using testing::shell_succeeds;
using testing::skip_here;
using testing::TinyPeer;

constexpr MacAddress kNear{{2, 0, 0, 0, 0, 2}}, kFar{{2, 0, 0, 0, 0, 1}}, kThirdMac{{2, 0, 0, 0, 0, 9}};

/// Two packet devices at the ends of a veth: no kernel stack answers on either.
struct VethPair {
  std::unique_ptr<Device> near_end, far_end;
  BufferPool pool;

  VethPair() {
    testing::make_veth("v0", "v1");
    near_end = open("v0", kNear);
    far_end = open("v1", kFar);
  }
  static std::unique_ptr<Device> open(const char* interface, const MacAddress& mac) {
    auto device = open_af_packet(interface, {mac});
    if (device) return std::move(*device);
    ADD_FAILURE() << device.error().message;
    return nullptr;
  }
  ~VethPair() { near_end.reset(), far_end.reset(); }

  /// A frame of `size` bytes of kExperiment; `mark` is its first byte.
  Packet frame(const MacAddress& to, std::uint8_t mark, std::size_t size = 60) {
    Slice s = pool.allocate(class_for(size), 0, size);
    std::memset(s.mutable_bytes().data(), 0, size);
    EthernetHeader{to, kNear, kExperiment}.write(s.mutable_bytes());
    s.mutable_bytes()[14] = mark;
    return Packet(std::move(s));
  }
  void send(Packet packet) {
    PacketBatch batch;
    batch.push(std::move(packet));
    near_end->transmit(batch);
    EXPECT_TRUE(batch.empty());
  }
  /// The next frames of `type` at the far end, up to `count` of them or until one that begins with kLast. Frames
  /// may take their time; the kernel's own chatter is left out.
  std::vector<Packet> take(std::size_t count, std::uint16_t type = kExperiment) {
    std::vector<Packet> all;
    while (all.size() < count) {
      pollfd p{far_end->descriptor(), POLLIN, 0};
      if (::poll(&p, 1, 5000) != 1) break;
      PacketBatch batch;
      EXPECT_TRUE(far_end->receive(batch, pool));
      for (Packet& one : batch) {
        if (EthernetHeader::parse(one.front())->type != type) continue;
        if (one.front()[14] == kLast) return all;
        all.push_back(std::move(one));
      }
    }
    return all;
  }
  /// All that was sent before and has passed: one more frame behind it tells when that is.
  std::vector<Packet> arrived() {
    send(frame(kFar, kLast));
    return take(SIZE_MAX);
  }

  static constexpr std::uint16_t kExperiment = 0x88b5;  // IEEE 802's Ethertype for local experiments
  static constexpr std::uint8_t kLast = 0xff;
};

TEST(AfPacket, OnlyFramesForUsAndForGroupsArrive) {
  const auto reason = in_namespace([] {
    VethPair cable;
    cable.send(cable.frame(kFar, 1));
    cable.send(cable.frame(kThirdMac, 2));
    cable.send(cable.frame(MacAddress::broadcast(), 3));
    cable.send(cable.frame(MacAddress{{0x01, 0, 0x5e, 0, 0, 1}}, 4));
    const auto got = cable.arrived();
    ASSERT_EQ(got.size(), 3u);
    EXPECT_EQ(got[0].front()[14], 1);
    EXPECT_EQ(got[1].front()[14], 3);
    EXPECT_EQ(got[2].front()[14], 4);
    EXPECT_EQ(cable.far_end->counters().rx_dropped, 0u) << "filtered frames are no losses";
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfPacket, WhatWeSendDoesNotComeBack) {
  const auto reason = in_namespace([] {
    VethPair cable;
    cable.send(cable.frame(MacAddress::broadcast(), 1));
    PacketBatch batch;
    ASSERT_TRUE(cable.near_end->receive(batch, cable.pool));
    for (Packet& p : batch) EXPECT_NE(EthernetHeader::parse(p.front())->type, VethPair::kExperiment);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfPacket, FramesOfAVlanAreNotOurs) {
  const auto reason = in_namespace([] {
    VethPair cable;
    const auto tagged = [&](std::uint16_t id) {
      Packet p = cable.frame(kFar, 7, 64);
      const MutableBytes b = p.slices()[0].mutable_bytes();
      store_be16(b.data() + 12, 0x8100);
      store_be16(b.data() + 14, id);
      store_be16(b.data() + 16, VethPair::kExperiment);
      return p;
    };
    cable.send(tagged(5));
    EXPECT_TRUE(cable.arrived().empty());
    EXPECT_EQ(cable.far_end->counters().rx_dropped, 1u);
    cable.send(tagged(0xe000));  // a priority without a VLAN
    EXPECT_EQ(cable.arrived().size(), 1u);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfPacket, TheKernelSplitsSuperSegmentsForAnInterfaceThatCannot) {
  const auto reason = in_namespace([] {
    VethPair cable;
    if (!shell_succeeds("ethtool -K v0 tso off tx off")) {
      return skip_here("ethtool cannot switch offloads off here: sudo apt-get install ethtool");
    }
    TinyPeer peer(std::move(cable.near_end), kFar, IpAddress::v4(10, 9, 0, 2), IpAddress::v4(10, 9, 0, 1));
    const std::vector<std::uint8_t> data(30 * 1460 + 100, 0x5a);
    ASSERT_TRUE(peer.send_segment({kTcpAck.bits(), 4321, 1000, 1, 0}, {}, data, 1460));
    const auto got = cable.take(31, 0x0800);
    ASSERT_EQ(got.size(), 31u);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const Bytes ip_bytes = got[i].front().subspan(14);
      const auto ip = Ipv4Header::parse(ip_bytes);
      ASSERT_TRUE(ip);
      EXPECT_EQ(ip->payload_length(), (i < 30 ? 1460u : 100u) + 20);
      EXPECT_EQ(got[i].offload.checksum, ChecksumState::unchecked);
      EXPECT_EQ(TcpHeader::parse(ip_bytes.subspan(20))->seq.raw(), 1000 + i * 1460);
      ChecksumAccumulator sum;
      sum.add_pseudo_header(ip->source, ip->destination, 6, static_cast<std::uint32_t>(ip->payload_length()));
      sum.add(ip_bytes.subspan(20, ip->payload_length()));
      EXPECT_TRUE(sum.is_valid()) << i;
    }
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfPacket, ASendThatAFirewallRefusesIsACountedLoss) {
  const auto reason = in_namespace([] {
    VethPair cable;
    if (!shell_succeeds("nft add table netdev t && nft 'add chain netdev t c { type filter hook egress device v0 "
                        "priority 0; }' && nft add rule netdev t c drop")) {
      return skip_here("no nft egress hook here: sudo apt-get install nftables; kernel with CONFIG_NETFILTER_EGRESS");
    }
    PacketBatch batch;
    for (std::uint8_t i = 0; i < 5; ++i) batch.push(cable.frame(kFar, i));
    cable.near_end->transmit(batch);
    EXPECT_TRUE(batch.empty()) << "a refusal is not back-pressure";
    EXPECT_EQ(cable.near_end->counters().tx_refused, 5u);
    EXPECT_EQ(cable.near_end->counters().tx_packets, 0u);
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfPacket, AFrameLargerThanTheInterfaceTakesIsACountedLoss) {
  const auto reason = in_namespace([] {
    VethPair cable;
    PacketBatch batch;
    batch.push(cable.frame(kFar, 1, 3000));
    batch.push(cable.frame(kFar, 2, 60));
    cable.near_end->transmit(batch);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(cable.near_end->counters().tx_refused, 1u);
    EXPECT_EQ(cable.arrived().size(), 1u) << "the next one still goes";
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST(AfPacket, AnOverflowingQueueIsCounted) {
  const auto reason = in_namespace([] {
    VethPair cable;
    // The queue has 32 MB (half of what the kernel makes of it), and each frame is charged more than 512 bytes.
    constexpr int kMany = 200000;
    int sent = 0;
    while (sent < kMany) {
      PacketBatch batch;
      for (; !batch.full(); ++sent) batch.push(cable.frame(kFar, 1));
      while (!batch.empty()) cable.near_end->transmit(batch);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (cable.far_end->counters().rx_dropped == 0 && std::chrono::steady_clock::now() < deadline) {
      cable.send(cable.frame(kFar, 1));  // the last ones may still be on their way
    }
    const auto dropped = cable.far_end->counters().rx_dropped;
    EXPECT_GT(dropped, 0u);
    EXPECT_EQ(cable.far_end->counters().rx_dropped, dropped) << "the kernel's count starts anew when it is read";
    PacketBatch batch;
    ASSERT_TRUE(cable.far_end->receive(batch, cable.pool));
    EXPECT_TRUE(batch.full()) << "what had room is there";
  });
  if (reason) GTEST_SKIP() << *reason;
}

}  // namespace
}  // namespace leat
