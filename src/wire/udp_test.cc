#include "wire/udp.h"

#include <gtest/gtest.h>

#include <array>

namespace leat {
namespace {

constexpr std::array<std::uint8_t, 12> kDatagram{0x00, 0x35, 0xc3, 0x50, 0x00, 0x0c, 0xab, 0xcd, 1, 2, 3, 4};

TEST(Udp, ReadsAndWritesAKnownHeader) {
  const auto h = UdpHeader::parse(kDatagram);
  ASSERT_TRUE(h);
  EXPECT_EQ(*h, (UdpHeader{53, 50000, 12, 0xabcd}));
  std::array<std::uint8_t, 12> out = kDatagram;
  std::fill_n(out.begin(), 8, std::uint8_t{0});
  h->write(out);
  EXPECT_EQ(out, kDatagram);
}

TEST(Udp, RefusesEveryTruncation) {
  for (std::size_t n = 0; n < kDatagram.size(); ++n) EXPECT_FALSE(UdpHeader::parse(Bytes(kDatagram).first(n))) << n;
}

TEST(Udp, TheLengthFieldDecidesWithinWhatIpDelivered) {
  auto d = kDatagram;
  for (unsigned length = 0; length < 300; ++length) {
    store_be16(d.data() + 4, static_cast<std::uint16_t>(length));
    EXPECT_EQ(UdpHeader::parse(d).has_value(), length >= 8 && length <= 12) << length;
  }
  store_be16(d.data() + 4, 1000);
  EXPECT_TRUE(UdpHeader::parse(d, 1000));
}

}  // namespace
}  // namespace leat
