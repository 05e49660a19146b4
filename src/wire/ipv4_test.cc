#include "wire/ipv4.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/random.h"

namespace leat {
namespace {

// 192.0.2.1 > 192.0.2.2, TCP, 40 bytes, id 0x1c46, DF, TTL 64. The checksum was computed by hand.
constexpr std::array<std::uint8_t, 20> kHeader{0x45, 0x00, 0x00, 0x28, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x06,
                                               0x9a, 0x86, 192,  0,    2,    1,    192,  0,    2,    2};

std::vector<std::uint8_t> datagram() {
  std::vector<std::uint8_t> d(kHeader.begin(), kHeader.end());
  d.resize(40);
  return d;
}

void mend_checksum(std::vector<std::uint8_t>& d) {
  store_be16(d.data() + 10, 0);
  store_be16(d.data() + 10, internet_checksum(Bytes(d).first((d[0] & 0x0fu) * 4)));
}

DropReason why(Bytes in) {
  const auto r = Ipv4Header::parse(in);
  return r ? DropReason::NOT_SPECIFIED : r.error();
}

TEST(Ipv4, ReadsAKnownHeader) {
  const auto d = datagram();
  const auto h = Ipv4Header::parse(d);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->source, IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(h->destination, IpAddress::v4(192, 0, 2, 2));
  EXPECT_EQ(h->protocol, IpProtocol::tcp);
  EXPECT_EQ(h->total_length, 40);
  EXPECT_EQ(h->payload_length(), 20u);
  EXPECT_EQ(h->id, 0x1c46);
  EXPECT_EQ(h->ttl, 64);
  EXPECT_TRUE(h->dont_fragment);
  EXPECT_FALSE(h->is_fragment());
}

TEST(Ipv4, WritesWhatItRead) {
  const auto d = datagram();
  std::array<std::uint8_t, 20> out{};
  Ipv4Header::parse(d)->write(out);
  EXPECT_EQ(out, kHeader);
}

TEST(Ipv4, RandomHeadersSurviveATrip) {
  Random random({2, 2});
  for (int i = 0; i < 5000; ++i) {
    Ipv4Header h;
    h.tos = static_cast<std::uint8_t>(random.next32());
    h.ttl = static_cast<std::uint8_t>(random.next32());
    h.protocol = static_cast<IpProtocol>(random.next32() & 0xff);
    h.total_length = static_cast<std::uint16_t>(20 + random.below(1000));
    h.id = static_cast<std::uint16_t>(random.next32());
    h.fragment_offset = static_cast<std::uint16_t>(random.below(0x2000) * 8);
    h.dont_fragment = random.chance(0.5);
    h.more_fragments = random.chance(0.5);
    h.source = IpAddress::v4(random.next32());
    h.destination = IpAddress::v4(random.next32());
    std::vector<std::uint8_t> d(h.total_length);
    h.write(d);
    const auto back = Ipv4Header::parse(d);
    ASSERT_TRUE(back);
    ASSERT_EQ(*back, h);
  }
}

TEST(Ipv4, EveryTruncationIsTooSmall) {
  const auto d = datagram();
  for (std::size_t n = 0; n < d.size(); ++n) EXPECT_EQ(why(Bytes(d).first(n)), DropReason::PKT_TOO_SMALL) << n;
}

TEST(Ipv4, TheHeaderAloneSufficesWhenTheRestIsElsewhere) {
  EXPECT_TRUE(Ipv4Header::parse(kHeader, 40));
  EXPECT_TRUE(Ipv4Header::parse(kHeader, 46));  // padding behind it
  EXPECT_FALSE(Ipv4Header::parse(kHeader, 39));
}

TEST(Ipv4, EveryFlippedBitIsNoticed) {
  for (std::size_t bit = 0; bit < 160; ++bit) {
    auto d = datagram();
    d[bit / 8] = static_cast<std::uint8_t>(d[bit / 8] ^ (0x80u >> bit % 8));
    EXPECT_NE(why(d), DropReason::NOT_SPECIFIED) << bit;
  }
}

TEST(Ipv4, VersionAndLengthsMustMakeSense) {
  for (const auto& [at, value] : {std::pair{0, 0x65}, {0, 0x44}, {0, 0x40}, {3, 19}, {3, 0}}) {
    auto d = datagram();
    d[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
    mend_checksum(d);
    EXPECT_EQ(why(d), DropReason::IP_INHDR) << at << '=' << value;
  }
  auto d = datagram();
  d[0] = 0x4b;  // a header of 44 bytes in 40
  EXPECT_EQ(why(d), DropReason::IP_INHDR);
  d = datagram();
  d[10] ^= 1;
  EXPECT_EQ(why(d), DropReason::IP_CSUM);
}

TEST(Ipv4, OptionsAreSkippedAndCoveredByTheChecksum) {
  auto d = datagram();
  d[0] = 0x47;
  for (std::size_t i = 20; i < 28; ++i) d[i] = 1;
  mend_checksum(d);
  const auto h = Ipv4Header::parse(d);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->header_length, 28);
  EXPECT_EQ(h->payload_length(), 12u);
  d[27] = 0;
  EXPECT_EQ(why(d), DropReason::IP_CSUM);
}

TEST(Ipv4, FragmentsAreRecognised) {
  Ipv4Header h;
  h.total_length = 20;
  std::array<std::uint8_t, 20> out{};
  h.more_fragments = true;
  h.write(out);
  EXPECT_TRUE(Ipv4Header::parse(out)->is_fragment());
  h.more_fragments = false, h.fragment_offset = 65528;
  h.write(out);
  EXPECT_TRUE(Ipv4Header::parse(out)->is_fragment());
  EXPECT_EQ(Ipv4Header::parse(out)->fragment_offset, 65528);
}

TEST(Ipv4, AQuotedHeaderMayBeCutAndChanged) {
  auto d = datagram();
  d[8] = 1;  // changes the TTL without updating the checksum
  EXPECT_TRUE(Ipv4Header::parse_quoted(Bytes(d).first(28)));
  EXPECT_TRUE(Ipv4Header::parse_quoted(Bytes(d).first(20)));
  EXPECT_FALSE(Ipv4Header::parse_quoted(Bytes(d).first(19)));
  d[0] = 0x4f;
  EXPECT_FALSE(Ipv4Header::parse_quoted(Bytes(d).first(40)));
  d[0] = 0x65;
  EXPECT_FALSE(Ipv4Header::parse_quoted(d));
}

TEST(Ipv4, SurvivesGarbage) {
  Random random({3, 3});
  for (int i = 0; i < 50000; ++i) {
    std::vector<std::uint8_t> d(random.below(70));
    for (auto& b : d) b = static_cast<std::uint8_t>(random.next32());
    if (!d.empty() && random.chance(0.7)) d[0] = static_cast<std::uint8_t>(0x40 | random.below(16));
    if (d.size() >= 20 && random.chance(0.5) && (d[0] & 0x0fu) * 4 <= d.size() && (d[0] & 0x0f) != 0) {
      store_be16(d.data() + 2, static_cast<std::uint16_t>(random.below(80)));
      mend_checksum(d);
    }
    if (const auto h = Ipv4Header::parse(d)) {
      ASSERT_LE(h->header_length, h->total_length);
      ASSERT_LE(h->total_length, d.size());
    }
    (void)Ipv4Header::parse_quoted(d);
  }
}

}  // namespace
}  // namespace leat
