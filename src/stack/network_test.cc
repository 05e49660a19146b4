// Answers and drops below TCP, tested with frames made by hand.
#include "stack/network.h"

#include "stack/testing/link.h"
#include "wire/arp.h"
#include "wire/icmp.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace leat::testing {
namespace {

using Frame = std::vector<std::uint8_t>;

Frame ethernet(EtherType type, std::size_t payload, MacAddress to = Link::near_mac()) {
  Frame frame(EthernetHeader::kSize + payload);
  make_ethernet(to, Link::far_mac(), type).write(frame);
  return frame;
}

MutableBytes payload_of(Frame& frame) { return MutableBytes(frame).subspan(EthernetHeader::kSize); }

Frame ipv4(IpProtocol protocol, std::size_t payload, IpAddress to = Link::near_address()) {
  Frame frame = ethernet(EtherType::ipv4, Ipv4Header::kSize + payload);
  Ipv4Header header;
  header.protocol = protocol;
  header.total_length = static_cast<std::uint16_t>(Ipv4Header::kSize + payload);
  header.source = Link::far_address();
  header.destination = to;
  header.write(payload_of(frame));
  return frame;
}

Frame ping(std::size_t data) {
  Frame frame = ipv4(IpProtocol::icmp, IcmpHeader::kSize + data);
  MutableBytes icmp = payload_of(frame).subspan(Ipv4Header::kSize);
  IcmpHeader{IcmpType::echo_request, 0, 0, IcmpHeader::echo_rest(7, 1)}.write(icmp);
  for (std::size_t i = 0; i < data; ++i) icmp[IcmpHeader::kSize + i] = static_cast<std::uint8_t>(i);
  store_be16(icmp.data() + 2, internet_checksum(icmp));
  return frame;
}

/// A datagram without a checksum. It has `data` bytes behind its header, and its length field says `length`.
Frame udp(std::size_t data, std::uint16_t length) {
  Frame frame = ipv4(IpProtocol::udp, UdpHeader::kSize + data);
  UdpHeader{4000, 53, length, 0}.write(payload_of(frame).subspan(Ipv4Header::kSize));
  return frame;
}

Frame arp_request(IpAddress target) {
  Frame frame = ethernet(EtherType::arp, ArpPacket::kSize, MacAddress::broadcast());
  ArpPacket{ArpOperation::request, Link::far_mac(), Link::far_address(), {}, target}.write(payload_of(frame));
  return frame;
}

TEST(Network, AnswersArpForItsAddressOnly) {
  Link link;
  EXPECT_TRUE(link.inject(arp_request(IpAddress::v4(10, 0, 0, 9))).empty());
  const auto answers = link.inject(arp_request(Link::near_address()));
  ASSERT_EQ(answers.size(), 1u);
  const auto ethernet_header = EthernetHeader::parse(answers[0]);
  EXPECT_EQ(ethernet_header->destination, Link::far_mac());
  const auto reply = ArpPacket::parse(Bytes(answers[0]).subspan(EthernetHeader::kSize));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->operation, ArpOperation::reply);
  EXPECT_EQ(reply->sender_mac, Link::near_mac());
  EXPECT_EQ(reply->sender_ip, Link::near_address());
}

TEST(Network, AnswersPingWithTheSameData) {
  Link link;
  link.inject(arp_request(Link::near_address()));
  const Frame request = ping(1001);
  const auto answers = link.inject(request);
  ASSERT_EQ(answers.size(), 1u);
  ASSERT_EQ(answers[0].size(), request.size());
  const Bytes icmp = Bytes(answers[0]).subspan(EthernetHeader::kSize + Ipv4Header::kSize);
  EXPECT_EQ(icmp[0], 0);
  EXPECT_EQ(internet_checksum(icmp), 0);
  EXPECT_TRUE(std::equal(icmp.begin() + 8, icmp.end(), request.end() - 1001));
  EXPECT_EQ(link.near().counters()[Counter::IcmpOutEchoReps], 1u);
}

TEST(Network, ADamagedPingIsCountedAndNotAnswered) {
  Link link;
  link.inject(arp_request(Link::near_address()));
  Frame request = ping(10);
  request.back() ^= 0x40;
  EXPECT_TRUE(link.inject(request).empty());
  EXPECT_EQ(link.near().counters()[DropReason::ICMP_CSUM], 1u);
}

TEST(Network, AnEchoComesBackToWhoAskedForIt) {
  Link link;
  const std::vector<std::uint8_t> payload{1, 2, 3, 4, 5};
  EXPECT_EQ(link.near().send_echo({{}, Link::near_address(), 7, 1, payload}, link.now()).error(),
            Error::host_unreachable);
  EXPECT_EQ(link.near().send_echo({{}, Link::far_address(), 7, 1, Frame(1473)}, link.now()).error(),
            Error::invalid_argument);
  ASSERT_TRUE(link.near().send_echo({{}, Link::far_address(), 7, 1, payload}, link.now()));
  link.run(10ms);
  const auto reply = link.near().next_echo_reply();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->from, Link::far_address());
  EXPECT_EQ(reply->id, 7);
  EXPECT_EQ(reply->sequence, 1);
  EXPECT_EQ(reply->ttl, 64);
  EXPECT_EQ(reply->payload, payload);
  EXPECT_FALSE(link.near().next_echo_reply());
  Frame stray = ping(10);
  stray[EthernetHeader::kSize + Ipv4Header::kSize] = 0;  // a reply, to another identifier
  const MutableBytes icmp = payload_of(stray).subspan(Ipv4Header::kSize);
  icmp[5] = 8;
  store_be16(icmp.data() + 2, 0);
  store_be16(icmp.data() + 2, internet_checksum(icmp));
  link.inject(stray);
  EXPECT_FALSE(link.near().next_echo_reply());
  EXPECT_EQ(link.near().counters()[DropReason::UNHANDLED_ICMP], 1u);
}

TEST(Network, AnArpReplyNobodyAskedForTeachesNothing) {
  Link link;
  Frame reply = ethernet(EtherType::arp, ArpPacket::kSize);
  const MacAddress liar{{2, 6, 6, 6, 6, 6}};
  ArpPacket{ArpOperation::reply, liar, Link::far_address(), Link::near_mac(), Link::near_address()}.write(
      payload_of(reply));
  EXPECT_TRUE(link.inject(reply).empty());
  EXPECT_EQ(link.near().counters()[DropReason::ARP_UNSOLICITED], 1u);
  const auto answers = link.inject(ping(10));
  ASSERT_EQ(answers.size(), 1u) << "the reply to the ping waits, and we ask who that is";
  EXPECT_EQ(EthernetHeader::parse(answers[0])->ether_type(), EtherType::arp);
}

TEST(Network, AnotherStationWithOurAddressIsToldOnceAMinute) {
  Link link;
  const auto claim = [&](MacAddress station) {
    Frame frame = ethernet(EtherType::arp, ArpPacket::kSize, MacAddress::broadcast());
    ArpPacket{ArpOperation::request, station, Link::near_address(), {}, Link::far_address()}.write(payload_of(frame));
    EXPECT_TRUE(link.inject(frame).empty()) << "a conflict is not answered";
    return link.near().next_address_conflict();
  };
  const MacAddress rival{{2, 6, 6, 6, 6, 6}}, another{{2, 6, 6, 6, 6, 7}};
  EXPECT_FALSE(claim(Link::near_mac())) << "our own frame, back from a loop";
  const auto conflict = claim(rival);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->interface, 1u);
  EXPECT_EQ(conflict->address, Link::near_address());
  EXPECT_EQ(conflict->station, rival);
  EXPECT_FALSE(claim(rival));
  EXPECT_TRUE(claim(another));
  link.run(1min);
  EXPECT_TRUE(claim(another));
  EXPECT_EQ(link.near().counters()[Counter::ArpConflicts], 4u);
}

TEST(Network, AnAnnouncementReplacesTheMacThatNeighboursKnow) {
  Link link;
  const Link::Pair pair = link.connect();
  // The same host after a restart, with another link address, is a gratuitous request to far.
  link.near().announce(1, link.now());
  unsigned announced = 0;
  link.set_filter([&](int to, Frame& frame) {
    const auto arp = to == 1 ? ArpPacket::parse(Bytes(frame).subspan(EthernetHeader::kSize)) : std::nullopt;
    if (arp && arp->sender_ip == arp->target_ip) ++announced;
    return true;
  });
  link.run(10s);
  EXPECT_EQ(announced, 2u);
  EXPECT_EQ(link.far().counters()[DropReason::ARP_UNSOLICITED], 0u) << "of a neighbour that it knows: of use";
  EXPECT_TRUE(link.near().write(pair.near, bytes_of("x"), link.now()));
  link.run(10ms);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "x");
}

std::uint16_t id_of(const std::vector<Frame>& answers) {
  EXPECT_EQ(answers.size(), 1u);
  return Ipv4Header::parse(Bytes(answers.at(0)).subspan(EthernetHeader::kSize))->id;
}

TEST(Network, IdsTellNothingOfTrafficWithOthers) {  // the idle scan, and counting a host's packets
  Link link;
  link.inject(arp_request(Link::near_address()));
  Frame syn_ack = ipv4(IpProtocol::tcp, TcpHeader::kSize);  // of no connection, so that a RST answers it
  TcpHeader header;
  header.source_port = 4000, header.destination_port = 4001, header.flags = kTcpSyn | kTcpAck;
  header.write(payload_of(syn_ack).subspan(Ipv4Header::kSize));
  ChecksumAccumulator sum;
  sum.add_pseudo_header(Link::far_address(), Link::near_address(), 6, TcpHeader::kSize);
  sum.add(payload_of(syn_ack).subspan(Ipv4Header::kSize));
  store_be16(payload_of(syn_ack).data() + Ipv4Header::kSize + TcpHeader::kChecksumOffset, sum.finish());
  const auto spoofed = [&](Frame frame) {  // from a victim: its answer must not count in what the attacker sees
    std::uint8_t* ip = payload_of(frame).data();
    store_be32(ip + Ipv4Header::kSourceOffset, IpAddress::v4(10, 0, 0, 77).v4_value());
    store_be16(ip + Ipv4Header::kChecksumOffset, 0);
    store_be16(ip + Ipv4Header::kChecksumOffset, internet_checksum({ip, Ipv4Header::kSize}));
    return frame;
  };
  EXPECT_EQ(id_of(link.inject(syn_ack)), 0);
  EXPECT_EQ(id_of(link.inject(syn_ack)), 0);
  const std::uint16_t first = id_of(link.inject(ping(10)));
  EXPECT_NE(first, 0);
  for (int i = 0; i < 10; ++i) link.inject(spoofed(ping(10)));
  EXPECT_EQ(id_of(link.inject(ping(10))), static_cast<std::uint16_t>(first + 1));
}

TEST(Network, LlcFramesAreCountedAndDropped) {
  Link link;
  Frame spanning_tree(60);
  make_ethernet(Link::near_mac(), Link::far_mac(), static_cast<EtherType>(38)).write(spanning_tree);
  EXPECT_TRUE(link.inject(spanning_tree).empty());
  EXPECT_EQ(link.near().counters()[Counter::EthInLlc], 1u);
  EXPECT_EQ(link.near().counters()[DropReason::LLC], 1u);
}

TEST(Network, EveryDropHasItsReason) {
  Link link;
  const auto reason_of = [&](Frame frame) {
    const Counters before = link.near().counters();
    for (const Frame& answer : link.inject(std::move(frame))) {  // "unreachable" at most, behind a question for the MAC
      EXPECT_EQ(EthernetHeader::parse(answer)->ether_type(), EtherType::arp);
    }
    const Counters& after = link.near().counters();
    for (std::size_t i = 0; i < after.drops.size(); ++i) {
      if (after.drops[i] != before.drops[i]) return static_cast<DropReason>(i);
    }
    return DropReason::kCount;
  };
  EXPECT_EQ(reason_of(Frame(13)), DropReason::PKT_TOO_SMALL);
  EXPECT_EQ(reason_of(ethernet(EtherType::ipv4, 30, {{2, 0, 0, 0, 0, 9}})), DropReason::OTHERHOST);
  EXPECT_EQ(reason_of(ethernet(EtherType::ipv6, 40)), DropReason::UNHANDLED_PROTO);
  EXPECT_EQ(reason_of(ethernet(EtherType::arp, 27)), DropReason::ARP_HDR);
  EXPECT_EQ(reason_of(ethernet(EtherType::ipv4, 40)), DropReason::IP_INHDR);
  Frame damaged = ping(0);
  damaged[EthernetHeader::kSize + 8] ^= 1;
  EXPECT_EQ(reason_of(damaged), DropReason::IP_CSUM);
  EXPECT_EQ(reason_of(ipv4(IpProtocol::tcp, 20, IpAddress::v4(10, 0, 0, 9))), DropReason::IP_INADDRERRORS);
  EXPECT_EQ(reason_of(ipv4(static_cast<IpProtocol>(132), 20)), DropReason::IP_NOPROTO);
  EXPECT_EQ(reason_of(ipv4(IpProtocol::tcp, 19)), DropReason::PKT_TOO_SMALL);
  EXPECT_EQ(reason_of(ipv4(IpProtocol::tcp, 20)), DropReason::TCP_HDR);
  EXPECT_EQ(reason_of(ipv4(IpProtocol::udp, 20)), DropReason::PKT_TOO_SMALL);
  EXPECT_EQ(reason_of(udp(12, 20)), DropReason::NO_SOCKET);
}

TEST(Network, AUdpDatagramOfAnImpossibleLengthIsNotAnswered) {
  Link link;
  link.inject(arp_request(Link::near_address()));
  for (const int length : {0, 7, 21, 65535}) {
    EXPECT_TRUE(link.inject(udp(12, static_cast<std::uint16_t>(length))).empty()) << length;
  }
  EXPECT_TRUE(link.inject(ipv4(IpProtocol::udp, 7)).empty()) << "the header is cut off";
  Frame damaged = udp(12, 20);
  store_be16(payload_of(damaged).data() + Ipv4Header::kSize + UdpHeader::kChecksumOffset, 0x1234);
  EXPECT_TRUE(link.inject(damaged).empty());
  EXPECT_EQ(link.near().counters()[Counter::UdpInErrors], 6u);
  EXPECT_EQ(link.near().counters()[Counter::UdpInCsumErrors], 1u);
  EXPECT_EQ(link.near().counters()[Counter::UdpNoPorts], 0u);
}

TEST(Network, AUdpDatagramShorterThanItsIpDatagramIsAnswered) {
  Link link;
  link.inject(arp_request(Link::near_address()));
  const auto answers = link.inject(udp(12, 10));
  ASSERT_EQ(answers.size(), 1u);
  const Bytes icmp = Bytes(answers[0]).subspan(EthernetHeader::kSize + Ipv4Header::kSize);
  EXPECT_EQ(IcmpHeader::parse(icmp)->type, IcmpType::destination_unreachable);
  EXPECT_EQ(IcmpHeader::parse(icmp)->code, static_cast<std::uint8_t>(IcmpUnreachable::port));
  EXPECT_EQ(link.near().counters()[Counter::UdpInErrors], 0u);
}

TEST(Network, GarbageNeverHurts) {
  Link link;
  Random random({1, 2});
  for (int i = 0; i < 20000; ++i) {
    Frame frame = i % 2 == 0 ? ping(random.below(40)) : ipv4(IpProtocol::tcp, 20 + random.below(60));
    for (int k = 0; k < 3; ++k)
      frame[random.below(static_cast<std::uint32_t>(frame.size()))] = static_cast<std::uint8_t>(random.next());
    frame.resize(random.below(static_cast<std::uint32_t>(frame.size()) + 1));
    if (frame.empty()) continue;
    link.inject(std::move(frame));
  }
  EXPECT_EQ(link.near().population().connections, 0u);
}

}  // namespace
}  // namespace leat::testing
