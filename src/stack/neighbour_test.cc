// TCP's evidence in the neighbour cache: progress confirms a neighbour, silence makes it doubtful (RFC 4861 §7.3.1).
#include "stack/testing/link.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

namespace leat::testing {
namespace {

using Frame = std::vector<std::uint8_t>;

constexpr MacAddress kNewMac{{2, 0, 0, 0, 0, 9}};

/// A link whose far station can get another MAC address, as a gateway that another machine replaces, and which counts
/// near's ARP requests.
class MovingStation {
 public:
  MovingStation() {
    link.set_filter([this](int to, Frame& frame) { return to == 1 ? pass_to_far(frame) : pass_to_near(frame); });
  }

  void move() { moved_ = true; }
  unsigned requests() const { return requests_; }

  Link link;

 private:
  bool pass_to_far(Frame& frame) {
    const auto header = EthernetHeader::parse(frame);
    if (header->ether_type() == EtherType::arp && frame[EthernetHeader::kSize + 7] == 1) ++requests_;
    if (!moved_ || header->destination.is_multicast()) return true;
    if (header->destination != kNewMac) return false;
    make_ethernet(Link::far_mac(), header->source, header->ether_type()).write(frame);
    return true;
  }

  bool pass_to_near(Frame& frame) const {
    if (!moved_) return true;
    const auto header = EthernetHeader::parse(frame);
    make_ethernet(header->destination, kNewMac, header->ether_type()).write(frame);
    if (header->ether_type() != EtherType::arp) return true;
    auto arp = ArpPacket::parse(Bytes(frame).subspan(EthernetHeader::kSize));
    arp->sender_mac = kNewMac;
    arp->write(MutableBytes(frame).subspan(EthernetHeader::kSize));
    return true;
  }

  bool moved_ = false;
  unsigned requests_ = 0;
};

/// Has one side write all the time and the other one read. Returns the bytes that were read in `time`.
std::size_t transfer(Link& link, Stack& from, SocketHandle writer, Stack& to, SocketHandle reader, Duration time) {
  const Frame data(1000);
  std::size_t read = 0;
  for (const Instant end = link.now() + time; link.now() < end; link.run(20ms)) {
    static_cast<void>(from.write(writer, data, link.now()));
    read += link.read_all(to, reader).size();
  }
  return read;
}

TEST(StackNeighbour, ProgressConfirmsItSoThatNothingIsAsked) {
  MovingStation station;
  const Link::Pair pair = station.link.connect();
  EXPECT_EQ(station.requests(), 1u);
  EXPECT_GT(transfer(station.link, station.link.near(), pair.near, station.link.far(), pair.far, 120s), 1'000'000u);
  EXPECT_EQ(station.requests(), 1u);
}

TEST(StackNeighbour, AnUploadGoesOnWithinSecondsWhenTheNeighbourHasAnotherMac) {
  MovingStation station;
  Link& link = station.link;
  const Link::Pair pair = link.connect();
  transfer(link, link.near(), pair.near, link.far(), pair.far, 2s);
  station.move();
  link.run(10ms);
  link.read_all(link.far(), pair.far);
  EXPECT_EQ(transfer(link, link.near(), pair.near, link.far(), pair.far, 1s), 0u);
  EXPECT_GT(transfer(link, link.near(), pair.near, link.far(), pair.far, 4s), 0u);
  EXPECT_LE(station.requests(), 3u) << "one by unicast to the old station, one to all";
}

TEST(StackNeighbour, ADownloadGoesOnWithinSecondsWhenTheNeighbourHasAnotherMac) {
  MovingStation station;
  Link& link = station.link;
  const Link::Pair pair = link.connect();
  transfer(link, link.far(), pair.far, link.near(), pair.near, 2s);
  station.move();
  const std::uint64_t before = link.far().info(pair.far)->bytes_acked;
  transfer(link, link.far(), pair.far, link.near(), pair.near, 1s);
  EXPECT_EQ(link.far().info(pair.far)->bytes_acked, before) << "no acknowledgement of near's arrives";
  transfer(link, link.far(), pair.far, link.near(), pair.near, 4s);
  EXPECT_GT(link.far().info(pair.far)->bytes_acked, before);
  EXPECT_LE(station.requests(), 3u);
}

TEST(StackNeighbour, AnAttemptToConnectFindsTheNewMacToo) {
  MovingStation station;
  Link& link = station.link;
  link.connect();
  link.run(2s);
  station.move();
  const auto socket = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  ASSERT_TRUE(socket);
  link.run(4s);
  EXPECT_TRUE(link.near().readiness(*socket) & kEventConnected);
}

TEST(StackNeighbour, ALostSegmentCostsOneQuestionAtMost) {
  MovingStation station;
  Link& link = station.link;
  const Link::Pair pair = link.connect();
  link.run(2s);
  const unsigned before = station.requests();
  bool lose = true;
  link.set_filter([&](int to, Frame& frame) {
    if (to == 1 && EthernetHeader::parse(frame)->ether_type() == EtherType::arp) return true;
    return !(to == 1 && frame.size() > 100 && std::exchange(lose, false));
  });
  ASSERT_TRUE(link.near().write(pair.near, Frame(100), link.now()));
  link.run(10s);
  EXPECT_EQ(link.read_all(link.far(), pair.far).size(), 100u);
  EXPECT_EQ(station.requests(), before) << "a tail probe mends it, before a time-out";
}

}  // namespace
}  // namespace leat::testing
