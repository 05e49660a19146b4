#include "device/testing/veth.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>

#include "device/af_packet.h"
#include "device/testing/in_namespace.h"
#include "wire/ethernet.h"

namespace leat::testing {
namespace {

constexpr std::uint16_t kProbe = 0x88b6;  // IEEE 802's second Ethertype for local experiments

bool passes(Device& from, Device& to, BufferPool& pool) {
  PacketBatch batch;
  Slice s = pool.allocate(BufferClass::header, 0, 60);
  EthernetHeader{MacAddress::broadcast(), *from.caps().mac, kProbe}.write(s.mutable_bytes());
  batch.push(Packet(std::move(s)));
  from.transmit(batch);
  pollfd p{to.descriptor(), POLLIN, 0};
  ::poll(&p, 1, 10);
  batch.clear();
  (void)!to.receive(batch, pool);
  for (Packet& packet : batch) {
    if (EthernetHeader::parse(packet.front())->type == kProbe) return true;
  }
  return false;
}

}  // namespace

void make_veth(const std::string& one, const std::string& other) {
  shell("ip link add " + one + " type veth peer name " + other + " && ip link set " + one + " up && ip link set " +
        other + " up");
  BufferPool pool;
  const auto a = open_af_packet(one, {}), b = open_af_packet(other, {});
  ASSERT_TRUE(a && b);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool there = false, back = false;
  while (!there || !back) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "no frame passes from " << one << " to " << other;
    there = there || passes(**a, **b, pool);
    back = back || passes(**b, **a, pool);
  }
}

}  // namespace leat::testing
