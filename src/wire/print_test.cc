#include "wire/print.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/udp.h"

namespace leat {
namespace {

using Octets = std::vector<std::uint8_t>;

const IpAddress kSource = IpAddress::v4(10, 0, 0, 1), kDestination = IpAddress::v4(10, 0, 0, 2);

Octets datagram(IpProtocol protocol, const Octets& payload) {
  Ipv4Header ip;
  ip.protocol = protocol;
  ip.source = kSource, ip.destination = kDestination;
  ip.total_length = static_cast<std::uint16_t>(20 + payload.size());
  Octets out(20);
  ip.write(out);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Octets tcp_segment(TcpFlags flags, const TcpOptionSet& options, std::size_t payload) {
  TcpHeader h;
  h.source_port = 50000, h.destination_port = 80, h.seq = SeqNum(1000), h.ack = SeqNum(7), h.window = 64240;
  h.flags = flags;
  h.header_length = static_cast<std::uint8_t>(20 + options.encoded_size());
  Octets out(h.header_length + payload);
  h.write(out);
  options.encode(MutableBytes(out).subspan(20));
  return out;
}

TEST(Print, TcpSyn) {
  TcpOptionSet o;
  o.mss = 1460, o.sack_permitted = true, o.timestamps = {{9, 0}}, o.window_scale = 7;
  EXPECT_EQ(describe_datagram(datagram(IpProtocol::tcp, tcp_segment(kTcpSyn, o, 0))),
            "IP 10.0.0.1.50000 > 10.0.0.2.80: Flags [S], seq 1000, win 64240, "
            "options [mss 1460,sackOK,TS val 9 ecr 0,wscale 7], length 0");
}

TEST(Print, TcpDataAndPureAck) {
  EXPECT_EQ(describe_datagram(datagram(IpProtocol::tcp, tcp_segment(kTcpPsh | kTcpAck, {}, 5))),
            "IP 10.0.0.1.50000 > 10.0.0.2.80: Flags [P.], seq 1000:1005, ack 7, win 64240, length 5");
  TcpOptionSet o;
  o.sack[0] = {SeqNum(5), SeqNum(9)}, o.sack_count = 1;
  EXPECT_EQ(describe_datagram(datagram(IpProtocol::tcp, tcp_segment(kTcpAck, o, 0))),
            "IP 10.0.0.1.50000 > 10.0.0.2.80: Flags [.], ack 7, win 64240, options [sack 1 {5:9}], length 0");
}

TEST(Print, ThePayloadMayBeMissing) {
  const Octets whole = datagram(IpProtocol::tcp, tcp_segment(kTcpAck, {}, 1000));
  EXPECT_EQ(describe_datagram(Bytes(whole).first(40)), describe_datagram(whole));
}

TEST(Print, UdpAndIcmp) {
  Octets udp(12);
  UdpHeader{53, 4000, 12, 0}.write(udp);
  EXPECT_EQ(describe_datagram(datagram(IpProtocol::udp, udp)), "IP 10.0.0.1.53 > 10.0.0.2.4000: UDP, length 4");
  Octets echo(16);
  IcmpHeader{IcmpType::echo_request, 0, 0, IcmpHeader::echo_rest(3, 4)}.write(echo);
  EXPECT_EQ(describe_datagram(datagram(IpProtocol::icmp, echo)),
            "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 3, seq 4, length 16");
  Octets error(8);
  IcmpHeader{IcmpType::destination_unreachable, 4, 0, 1280}.write(error);
  const Octets quote = datagram(IpProtocol::tcp, tcp_segment(kTcpAck, {}, 0));
  error.insert(error.end(), quote.begin(), quote.begin() + 28);
  EXPECT_EQ(describe_datagram(datagram(IpProtocol::icmp, error)),
            "IP 10.0.0.1 > 10.0.0.2: ICMP 10.0.0.2.80 unreachable - need to frag (mtu 1280), length 36");
}

TEST(Print, Frames) {
  Octets frame(42);
  make_ethernet(MacAddress::broadcast(), *MacAddress::parse("02:00:00:00:00:01"), EtherType::arp).write(frame);
  ArpPacket arp;
  arp.sender_mac = *MacAddress::parse("02:00:00:00:00:01"), arp.sender_ip = kSource, arp.target_ip = kDestination;
  arp.write(MutableBytes(frame).subspan(14));
  EXPECT_EQ(describe_frame(frame), "ARP, Request who-has 10.0.0.2 tell 10.0.0.1");
  arp.operation = ArpOperation::reply;
  arp.write(MutableBytes(frame).subspan(14));
  EXPECT_EQ(describe_frame(frame), "ARP, Reply 10.0.0.1 is-at 02:00:00:00:00:01");
  frame[12] = 0, frame[13] = 46;
  EXPECT_EQ(describe_frame(frame), "802.3, LLC, length 46");
  frame[12] = 0x88, frame[13] = 0xcc;
  EXPECT_EQ(describe_frame(frame), "ethertype 0x88cc, length 28");
  EXPECT_EQ(describe_frame(Bytes(frame).first(3)), "Ethernet, malformed, length 3");
}

TEST(Print, SaysSomethingAboutEveryTruncationAndGarbage) {
  Random random({9, 9});
  const Octets whole = datagram(IpProtocol::tcp, tcp_segment(kTcpSyn, {}, 3));
  for (std::size_t n = 0; n <= whole.size(); ++n) EXPECT_FALSE(describe_datagram(Bytes(whole).first(n)).empty());
  for (int i = 0; i < 20000; ++i) {
    Octets frame(random.below(90));
    for (auto& b : frame) b = static_cast<std::uint8_t>(random.next32());
    if (frame.size() > 24 && random.chance(0.9)) {
      store_be16(frame.data() + 12, random.chance(0.8) ? 0x0800 : 0x0806);
      frame[14] = static_cast<std::uint8_t>(0x40 | random.below(16));
      frame[16] = 0;
      frame[20] = frame[21] = 0;
      constexpr std::uint8_t protocols[] = {1, 6, 17, 99};
      frame[23] = protocols[random.below(4)];
    }
    EXPECT_FALSE(describe_frame(frame).empty());
  }
}

}  // namespace
}  // namespace leat
