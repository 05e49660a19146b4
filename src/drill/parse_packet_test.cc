#include "drill/parse_packet.h"

#include <gtest/gtest.h>

#include "drill/script_error.h"
#include "drill/tcp_option_bytes.h"

namespace leat::drill {
namespace {

PacketForm packet_of(const std::string& text, IpVersion version = IpVersion::v4) {
  Settings settings;
  settings.ip_version = version;
  Cursor in("x", text);
  try {
    PacketForm packet = parse_packet(in, settings);
    EXPECT_TRUE(in.at_end()) << text;
    return packet;
  } catch (const ScriptError& error) {
    ADD_FAILURE() << error.to_string() << " in " << text;
    return {};
  }
}

std::string packet_trouble(const std::string& text) {
  Cursor in("x", text);
  try {
    parse_packet(in, {});
  } catch (const ScriptError& error) {
    return error.message;
  }
  return "none";
}

TEST(DrillPacket, ReadsTcp) {
  const PacketForm packet = packet_of(
      "< [ect0, tos 0x12, ttl 7] 1000 > 2000 PU. 1:11(10) ack 4294967295 win 500 urg 9 <nop,nop,TS val 7 ecr 3>");
  EXPECT_EQ(packet.direction, Direction::in);
  EXPECT_EQ(packet.ip.ecn, EcnForm::ect0);
  EXPECT_EQ(packet.ip.tos, 0x12);
  EXPECT_EQ(packet.ip.ttl, 7);
  ASSERT_TRUE(packet.ports);
  EXPECT_EQ(packet.ports->source, 1000);
  EXPECT_EQ(packet.ports->destination, 2000);
  const TcpForm& tcp = *packet.tcp();
  EXPECT_EQ(tcp.flags.bits, 0x38);
  EXPECT_EQ(tcp.seq, 1u);
  EXPECT_EQ(tcp.length, 10u);
  EXPECT_EQ(tcp.ack, 4294967295u);
  EXPECT_EQ(tcp.window, 500);
  EXPECT_EQ(tcp.urgent, 9);
  EXPECT_EQ(tcp.options.size(), 3u);
}

TEST(DrillPacket, ReadsFlagsAndTheAceField) {
  EXPECT_EQ(packet_of("> SEW 0:0(0)").tcp()->flags.bits, 0xc2);
  EXPECT_TRUE(packet_of("> SEWA 0:0(0)").tcp()->flags.ae);
  const TcpFlagsForm ace = packet_of("> S5. 0:0(0) ack 1").tcp()->flags;
  EXPECT_EQ(ace.ace, 5);
  EXPECT_TRUE(ace.ae);
  EXPECT_EQ(ace.bits, 0x52);
  EXPECT_EQ(packet_of("> - 0:0(0)").tcp()->flags.bits, 0);
  EXPECT_EQ(packet_of("> (noecn) .2 1:1(0) ack 1").tcp()->flags.bits, 0x90);
}

TEST(DrillPacket, WrapsSequenceNumbers) { EXPECT_EQ(packet_of("> . 4294967295:9(10) ack 1").tcp()->length, 10u); }

TEST(DrillPacket, RoundTripsEveryTcpOption) {
  const std::string options =
      "<mss 1460,sackOK,TS val 1 ecr 4294967295,nop,wscale 8>"
      "<sack 1:5 9:12,nop,eol><md5 000102030405060708090a0b0c0d0e0f,nop,nop><FO 0011223344556677,nop,nop><FO,nop,nop>"
      "<FOEXP,nop,nop,nop,nop><FOEXP 00112233><ECN e0b 1 ceb 2 e1b 3,nop><ECN e1b 1 ceb 16777215><ECN,nop,nop>";
  for (std::size_t begin = 0; begin < options.size();) {
    const std::size_t end = options.find('>', begin) + 1;
    const std::string text = options.substr(begin, end - begin);
    const PacketForm packet = packet_of("> . 1:1(0) ack 1 " + text);
    std::vector<std::uint8_t> bytes;
    for (const auto& option : packet.tcp()->options) encode(option, bytes);
    EXPECT_EQ(bytes.size() % 4, 0u);
    const auto back = decode_options(bytes);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(*back, packet.tcp()->options) << text;
    EXPECT_EQ(to_string(*back), text);
    begin = end;
  }
  EXPECT_TRUE(packet_of("> . 1:1(0) ack 1 <...>").tcp()->any_options);
}

TEST(DrillPacket, RefusesMalformedOptionBytes) {
  using B = std::vector<std::uint8_t>;
  for (const B& bytes : {B{2}, B{2, 0}, B{2, 1}, B{2, 5, 0, 0}, B{2, 3, 0}, B{5, 2}, B{5, 3, 1}, B{8, 4, 0, 0},
                         B{77, 2}, B{254, 3, 1}, B{172, 4, 0, 0}}) {
    EXPECT_FALSE(decode_options(bytes)) << int{bytes[0]};
  }
}

TEST(DrillPacket, ReadsUdpAndIcmp) {
  EXPECT_EQ(packet_of("< udp (1000)").udp()->length, 1000u);
  EXPECT_EQ(packet_of("< udp 5 > 6 (1000)").ports->destination, 6);
  const IcmpForm icmp = *packet_of("< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]").icmp();
  EXPECT_EQ(icmp.type, 3);
  EXPECT_EQ(icmp.code, 4);
  EXPECT_EQ(icmp.mtu, 1200u);
  EXPECT_EQ(icmp.quote, IcmpForm::Quote::tcp);
  EXPECT_EQ(icmp.length, 1460u);
  EXPECT_EQ(packet_of("< icmp packet_too_big mtu 1280 [udp (9)]", IpVersion::v6).icmp()->type, 2);
  EXPECT_EQ(packet_of("< icmp unreachable port_unreachable", IpVersion::v6).icmp()->code, 4);
  EXPECT_EQ(packet_of("< icmp type_77 code_8 [raw (20)]").icmp()->code, 8);
  EXPECT_EQ(packet_of("< icmp echo_request id 7").icmp()->id, 7);
}

TEST(DrillPacket, ReadsEncapsulation) {
  const PacketForm packet = packet_of(
      "< ipv4 [ttl 3] 192.0.2.1 > 192.168.0.1: gre flags [K] key 7: mpls (label 9, tc 1, [S], ttl 64): ipv6 2001:db8::1 > ::2 : . 1:1(0) ack 1 win 9");
  ASSERT_EQ(packet.encapsulation.size(), 4u);
  EXPECT_EQ(packet.encapsulation[0].source, IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(packet.encapsulation[0].ip.ttl, 3);
  EXPECT_EQ(packet.encapsulation[1].key, 7u);
  EXPECT_TRUE(packet.encapsulation[2].labels.at(0).is_bottom);
  EXPECT_TRUE(packet.encapsulation[3].destination.is_v6());
}

TEST(DrillPacket, SaysWhatIsWrong) {
  EXPECT_EQ(packet_trouble("> . 1:11(9) ack 1"), "1 and 9 bytes make 10, not 11");
  EXPECT_EQ(packet_trouble("> Q 1:1(0)"),
            "\"Q\" are no TCP flags: want some of F S R P . U E W A, a digit from 0 to 7, or -");
  EXPECT_EQ(packet_trouble("> SE5 1:1(0)"), "the flags E, W and A cannot stand with a number: it is made of them");
  EXPECT_EQ(packet_trouble("< . 1:1(0) ack 1"), "a segment to the stack needs \"win N\"");
  EXPECT_EQ(packet_trouble("< S 0:0(0) win 1 <...>"), "a segment to the stack needs its options said");
  EXPECT_EQ(packet_trouble("< S 0:0(0) win 70000"), "a window is from 0 to 65535, not 70000");
  EXPECT_EQ(packet_trouble("> S 0:0(0) <wscale 7>"),
            "these TCP options need 3 bytes, which is no multiple of 4: add nop or eol");
  EXPECT_EQ(packet_trouble("> S 0:0(0) <msss 7>"),
            "there is no TCP option \"msss\"; want mss, sackOK, sack, TS, wscale, nop, eol, md5, FO, FOEXP or ECN");
  EXPECT_EQ(packet_trouble("> . 1:1(0) ack 1 <sack 1:2 3:4 5:6 7:8 9:10,nop,nop>"),
            "these TCP options need more than 40 bytes");
  EXPECT_EQ(packet_trouble("> . 1:1(0) ack 1 <sack>"), "expected a SACK block, as 1:1001, found \">\"");
  EXPECT_EQ(packet_trouble("> . 1:1(0) ack 1 <FO 123>"), "a cookie has an odd number of hexadecimal digits");
  EXPECT_EQ(packet_trouble("< [ect2] . 1:1(0) ack 1 win 1"),
            "expected ect0, ect1, ce, noecn, ect01, tos, flowlabel or ttl, found \"ect2\"");
  EXPECT_EQ(packet_trouble("< [ect01] . 1:1(0) ack 1 win 1"), "ect01 is for packets from the stack: it means either");
  EXPECT_EQ(packet_trouble("< icmp unreachable nowhere [1:1(0)]").substr(0, 44),
            "there is no ICMP code \"nowhere\" here; want n");
  EXPECT_EQ(packet_trouble("< icmp hello").substr(0, 36), "there is no ICMP type \"hello\"; want ");
  EXPECT_EQ(packet_trouble("< mpls: . 1:1(0)"), "expected (label N, tc N, [S], ttl N), found \":\"");
}

}  // namespace
}  // namespace leat::drill
