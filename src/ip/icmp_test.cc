#include "ip/icmp.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/random.h"
#include "packet/transport_checksum.h"
#include "wire/print.h"

namespace leat {
namespace {

using Octets = std::vector<std::uint8_t>;
const IpAddress kIcmpUs = IpAddress::v4(10, 0, 0, 2), kIcmpPeer = IpAddress::v4(10, 0, 0, 1);

InterfaceAddresses icmp_addresses() {
  InterfaceAddresses a;
  EXPECT_TRUE(a.add({kIcmpUs, 24}));
  return a;
}

Octets ip_datagram(const IpAddress& from, const IpAddress& to, IpProtocol protocol, const Octets& payload) {
  Ipv4Header h;
  h.source = from, h.destination = to, h.protocol = protocol, h.tos = 0x20, h.id = 5;
  h.total_length = static_cast<std::uint16_t>(20 + payload.size());
  Octets out(20);
  h.write(out);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Octets icmp_message(IcmpType type, std::uint8_t code, std::uint32_t rest, const Octets& body) {
  Octets out(8);
  IcmpHeader{type, code, 0, rest}.write(out);
  out.insert(out.end(), body.begin(), body.end());
  store_be16(out.data() + 2, internet_checksum(out));
  return out;
}

Octets counting_from_zero(std::size_t n) {
  Octets out(n);
  std::iota(out.begin(), out.end(), std::uint8_t{0});
  return out;
}

Octets icmp_content(const Packet& p) {
  Octets out(p.size());
  EXPECT_TRUE(p.copy_out(0, out));
  return out;
}

class Icmp4 : public ::testing::Test {
 protected:
  Ipv4Arrival accept(Packet& p) { return *accept_ipv4(p, addresses_, false, pool_); }
  bool may_complain(const Octets& bytes, bool link_group = false) {
    Packet p(pool_.copy_of(bytes));
    const auto header = Ipv4Header::parse(bytes);
    Ipv4Arrival arrival{*header, Ipv4Audience::us};
    if (addresses_.is_broadcast(header->destination)) arrival.audience = Ipv4Audience::broadcast;
    if (header->destination.is_multicast()) arrival.audience = Ipv4Audience::multicast;
    return may_send_icmp_error(p, arrival, link_group, addresses_);
  }
  BufferPool pool_;
  InterfaceAddresses addresses_ = icmp_addresses();
};

TEST_F(Icmp4, AnEchoComesBackAsItWas) {
  for (const std::size_t size : {0u, 1u, 56u, 1472u, 60000u}) {
    const Octets ping = icmp_message(IcmpType::echo_request, 0, IcmpHeader::echo_rest(7, 9), counting_from_zero(size));
    Packet p(pool_.copy_of(ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::icmp, ping)));
    const Ipv4Arrival arrival = accept(p);
    auto out = make_echo_reply(std::move(p), arrival, pool_);
    ASSERT_TRUE(out);
    const Octets pong = icmp_message(IcmpType::echo_reply, 0, IcmpHeader::echo_rest(7, 9), counting_from_zero(size));
    EXPECT_EQ(icmp_content(out->message), pong);
    ASSERT_TRUE(push_ipv4(out->message, out->sending));
    ASSERT_TRUE(push_ethernet(out->message, {}));
    const auto ip = Ipv4Header::parse(out->message.front().subspan(14), out->message.size() - 14);
    ASSERT_TRUE(ip);
    EXPECT_EQ(ip->source, kIcmpUs);
    EXPECT_EQ(ip->destination, kIcmpPeer);
    EXPECT_EQ(ip->tos, 0x20);
    EXPECT_EQ(ip->ttl, 64);
  }
  EXPECT_EQ(pool_.blocks_in_use(), 0u);
}

TEST_F(Icmp4, TheEchoSharesThePayloadWhateverItsSlices) {
  const Octets ping = icmp_message(IcmpType::echo_request, 0, 1, counting_from_zero(300));
  const Octets bytes = ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::icmp, ping);
  Packet p;
  for (std::size_t i = 0; i < 7; ++i) p.append(pool_.copy_of(Bytes(bytes).subspan(i * 40, 40)));
  p.append(pool_.copy_of(Bytes(bytes).subspan(280)));
  ASSERT_FALSE(p.has_room());
  const Ipv4Arrival arrival = accept(p);
  const auto out = make_echo_reply(std::move(p), arrival, pool_);
  ASSERT_TRUE(out);
  EXPECT_EQ(icmp_content(out->message), icmp_message(IcmpType::echo_reply, 0, 1, counting_from_zero(300)));
}

TEST_F(Icmp4, TheCodeOfAnEchoRequestComesBackToo) {
  const Octets ping = icmp_message(IcmpType::echo_request, 9, IcmpHeader::echo_rest(7, 9), counting_from_zero(20));
  Packet p(pool_.copy_of(ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::icmp, ping)));
  const Ipv4Arrival arrival = accept(p);
  const auto out = make_echo_reply(std::move(p), arrival, pool_);
  ASSERT_TRUE(out);
  EXPECT_EQ(icmp_content(out->message),
            icmp_message(IcmpType::echo_reply, 9, IcmpHeader::echo_rest(7, 9), counting_from_zero(20)));
}

TEST_F(Icmp4, NoEchoForBroadcastOrForOtherMessages) {
  const auto reply_to = [&](const IpAddress& to, const Octets& message) {
    Packet p(pool_.copy_of(ip_datagram(kIcmpPeer, to, IpProtocol::icmp, message)));
    const Ipv4Arrival arrival = accept(p);
    return make_echo_reply(std::move(p), arrival, pool_).has_value();
  };
  EXPECT_FALSE(reply_to(IpAddress::v4(10, 0, 0, 255), icmp_message(IcmpType::echo_request, 0, 1, {})));
  EXPECT_FALSE(reply_to(IpAddress::v4(224, 0, 0, 1), icmp_message(IcmpType::echo_request, 0, 1, {})));
  EXPECT_FALSE(reply_to(kIcmpUs, icmp_message(IcmpType::echo_reply, 0, 1, {})));
  EXPECT_FALSE(reply_to(kIcmpUs, Octets(7, 8)));
  EXPECT_TRUE(reply_to(kIcmpUs, icmp_message(IcmpType::echo_request, 0, 1, {})));
}

TEST_F(Icmp4, ErrorsAreSentOnlyAboutDatagramsOfSingleHostsToUs) {
  const Octets udp(8);
  EXPECT_TRUE(may_complain(ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::udp, udp)));
  EXPECT_FALSE(may_complain(ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::udp, udp), true));
  EXPECT_FALSE(may_complain(ip_datagram(kIcmpPeer, IpAddress::v4(10, 0, 0, 255), IpProtocol::udp, udp)));
  EXPECT_FALSE(may_complain(ip_datagram(kIcmpPeer, IpAddress::v4(224, 0, 0, 1), IpProtocol::udp, udp)));
  for (const IpAddress& from : {IpAddress::v4(0u), IpAddress::v4(127, 0, 0, 1), IpAddress::v4(224, 1, 1, 1),
                                IpAddress::v4(10, 0, 0, 255), IpAddress::v4(0xffffffff), IpAddress::v4(240, 0, 0, 1)}) {
    EXPECT_FALSE(may_complain(ip_datagram(from, kIcmpUs, IpProtocol::udp, udp))) << from.to_string();
  }
}

TEST_F(Icmp4, ErrorsAreNeverAnsweredByErrors) {
  const Octets quote = ip_datagram(kIcmpUs, kIcmpPeer, IpProtocol::udp, Octets(8));
  for (unsigned type = 0; type < 256; ++type) {
    const bool query = type == 0 || type == 8;
    const Octets message = icmp_message(static_cast<IcmpType>(type), 0, 0, quote);
    EXPECT_EQ(may_complain(ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::icmp, message)), query) << type;
  }
  EXPECT_FALSE(may_complain(ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::icmp, Octets(3))));
}

TEST_F(Icmp4, LaterFragmentsAreNotComplainedAbout) {
  Octets bytes = ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::udp, Octets(8));
  bytes[7] = 1;
  store_be16(bytes.data() + 10, 0);
  store_be16(bytes.data() + 10, internet_checksum(Bytes(bytes).first(20)));
  EXPECT_FALSE(may_complain(bytes));
}

TEST_F(Icmp4, AnErrorOfOursFills576BytesAtMost) {
  for (const auto& [size, quoted] :
       {std::pair<std::size_t, std::size_t>{8, 28}, {528, 548}, {529, 548}, {60000, 548}}) {
    const Octets bytes = ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::udp, counting_from_zero(size));
    Packet p(pool_.copy_of(bytes));
    const Ipv4Arrival arrival = accept(p);
    auto out = make_icmp_error(p, arrival, IcmpType::destination_unreachable, 3, pool_);
    ASSERT_TRUE(out);
    const Octets content = icmp_content(out->message);
    ASSERT_EQ(content.size(), 8 + quoted) << size;
    EXPECT_TRUE(std::equal(content.begin() + 8, content.end(), bytes.begin())) << size;
    EXPECT_EQ(internet_checksum(content), 0) << size;
  }
}

TEST_F(Icmp4, AnErrorOfOursQuotesHeaderAndPorts) {
  Octets udp = counting_from_zero(100);
  store_be16(udp.data(), 4000), store_be16(udp.data() + 2, 53);
  Packet p(pool_.copy_of(ip_datagram(kIcmpPeer, kIcmpUs, IpProtocol::udp, udp)));
  const Ipv4Arrival arrival = accept(p);
  auto out = make_icmp_error(p, arrival, IcmpType::destination_unreachable, 3, pool_);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->message.size(), 8u + 120u);
  EXPECT_TRUE(has_good_checksum(out->message, {kIcmpUs, kIcmpPeer, IpProtocol::icmp, 0, 128}));
  const auto error = parse_icmp_error(out->message.front());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->local, (Endpoint{kIcmpPeer, 4000}));
  EXPECT_EQ(error->remote, (Endpoint{kIcmpUs, 53}));
  ASSERT_TRUE(push_ipv4(out->message, out->sending));
  EXPECT_EQ(describe_datagram(out->message.front()),
            "IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2.53 port unreachable, length 128");
}

TEST(IcmpErrors, TellFlowSequenceNumberAndMtu) {
  Octets tcp(20);
  store_be16(tcp.data(), 50000), store_be16(tcp.data() + 2, 80), store_be32(tcp.data() + 4, 0x11223344);
  Octets quote = ip_datagram(kIcmpUs, kIcmpPeer, IpProtocol::tcp, tcp);
  quote.resize(28);
  const auto e = parse_icmp_error(icmp_message(IcmpType::destination_unreachable, 4, 1280, quote));
  ASSERT_TRUE(e);
  EXPECT_TRUE(e->is_fragmentation_needed());
  EXPECT_EQ(e->local, (Endpoint{kIcmpUs, 50000}));
  EXPECT_EQ(e->remote, (Endpoint{kIcmpPeer, 80}));
  EXPECT_EQ(e->seq, SeqNum(0x11223344));
  EXPECT_EQ(e->mtu, 1280);
  EXPECT_EQ(parse_icmp_error(icmp_message(IcmpType::time_exceeded, 0, 1280, quote))->mtu, 0);
  EXPECT_FALSE(parse_icmp_error(icmp_message(IcmpType::echo_reply, 0, 0, quote)));
  quote.resize(27);
  EXPECT_FALSE(parse_icmp_error(icmp_message(IcmpType::destination_unreachable, 4, 1280, quote)));
}

TEST(IcmpErrors, ARouterWithoutMtuMeansTheNextPlateau) {
  const std::pair<int, int> cases[] = {{1500, 1492}, {1492, 1006}, {65535, 32000}, {577, 508}, {68, 68}, {20, 68}};
  for (const auto& [length, mtu] : cases) {
    Octets quote = ip_datagram(kIcmpUs, kIcmpPeer, IpProtocol::tcp, Octets(8));
    store_be16(quote.data() + 2, static_cast<std::uint16_t>(length));
    EXPECT_EQ(parse_icmp_error(icmp_message(IcmpType::destination_unreachable, 4, 0, quote))->mtu, mtu) << length;
  }
  const Octets quote = ip_datagram(kIcmpUs, kIcmpPeer, IpProtocol::tcp, Octets(8));
  EXPECT_EQ(parse_icmp_error(icmp_message(IcmpType::destination_unreachable, 4, 1, quote))->mtu, 68);
}

TEST(IcmpErrors, SurviveGarbage) {
  Random random({6, 7});
  const Octets quote = ip_datagram(kIcmpUs, kIcmpPeer, IpProtocol::tcp, Octets(20));
  const Octets good = icmp_message(IcmpType::destination_unreachable, 4, 0, quote);
  for (int i = 0; i < 30000; ++i) {
    Octets bytes = good;
    for (std::uint32_t n = random.below(5); n > 0; --n) {
      bytes[random.below(static_cast<std::uint32_t>(bytes.size()))] = static_cast<std::uint8_t>(random.next32());
    }
    bytes.resize(random.below(49));
    const auto e = parse_icmp_error(bytes);
    ASSERT_TRUE(!e || !e->is_fragmentation_needed() || e->mtu >= 68);
  }
}

}  // namespace
}  // namespace leat
