#include "wire/icmp.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/random.h"

namespace leat {
namespace {

std::vector<std::uint8_t> quoted_tcp() {
  Ipv4Header ip;
  ip.total_length = 1500;
  ip.source = IpAddress::v4(192, 0, 2, 1);
  ip.destination = IpAddress::v4(198, 51, 100, 9);
  std::vector<std::uint8_t> out(28);
  ip.write(out);
  store_be16(out.data() + 20, 50000);
  store_be16(out.data() + 22, 80);
  store_be32(out.data() + 24, 0xdeadbeef);
  return out;
}

TEST(Icmp, ReadsAndWritesAnEchoRequest) {
  const std::array<std::uint8_t, 8> bytes{8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
  const auto h = IcmpHeader::parse(bytes);
  ASSERT_TRUE(h);
  EXPECT_TRUE(h->is_echo_request());
  EXPECT_FALSE(h->is_error());
  EXPECT_EQ(h->echo_id(), 1);
  EXPECT_EQ(h->echo_sequence(), 1);
  EXPECT_EQ(internet_checksum(bytes), 0);
  EXPECT_EQ(h->rest, IcmpHeader::echo_rest(1, 1));
  std::array<std::uint8_t, 8> out{};
  h->write(out);
  EXPECT_EQ(out, bytes);
  for (std::size_t n = 0; n < 8; ++n) EXPECT_FALSE(IcmpHeader::parse(Bytes(bytes).first(n)));
}

TEST(Icmp, KnowsErrorsFromQueries) {
  for (unsigned type = 0; type < 256; ++type) {
    const IcmpHeader h{static_cast<IcmpType>(type), 0, 0, 0};
    EXPECT_EQ(h.is_error(), type == 3 || type == 4 || type == 5 || type == 11 || type == 12) << type;
  }
}

TEST(Icmp, FragmentationNeededCarriesTheMtu) {
  const IcmpHeader h{IcmpType::destination_unreachable, 4, 0, 1280};
  EXPECT_TRUE(h.is_fragmentation_needed());
  EXPECT_EQ(h.next_hop_mtu(), 1280);
  EXPECT_FALSE((IcmpHeader{IcmpType::destination_unreachable, 3, 0, 1280}).is_fragmentation_needed());
}

TEST(Icmp, TheQuoteTellsTheFlow) {
  const auto q = IcmpQuote::parse(quoted_tcp());
  ASSERT_TRUE(q);
  EXPECT_EQ(q->ip.source, IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(q->ip.destination, IpAddress::v4(198, 51, 100, 9));
  EXPECT_EQ(q->ip.protocol, IpProtocol::tcp);
  EXPECT_EQ(q->source_port, 50000);
  EXPECT_EQ(q->destination_port, 80);
  EXPECT_EQ(q->seq, SeqNum(0xdeadbeef));
}

TEST(Icmp, ACutQuoteOrOneOfALaterFragmentIsNone) {
  const auto whole = quoted_tcp();
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(IcmpQuote::parse(Bytes(whole).first(n))) << n;
  auto later = whole;
  later[7] = 1;
  EXPECT_FALSE(IcmpQuote::parse(later));
  auto options = whole;
  options[0] = 0x46;  // the 8 bytes behind the options are missing
  EXPECT_FALSE(IcmpQuote::parse(options));
}

TEST(Icmp, SurvivesGarbage) {
  Random random({8, 8});
  for (int i = 0; i < 50000; ++i) {
    std::vector<std::uint8_t> in(random.below(80));
    for (auto& b : in) b = static_cast<std::uint8_t>(random.next32());
    if (!in.empty() && random.chance(0.8)) in[0] = static_cast<std::uint8_t>(0x40 | random.below(16));
    if (const auto q = IcmpQuote::parse(in)) {
      ASSERT_GE(in.size(), q->ip.header_length + 8u);
    }
  }
}

}  // namespace
}  // namespace leat
