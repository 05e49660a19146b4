#include "wire/arp.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/random.h"

namespace leat {
namespace {

constexpr std::array<std::uint8_t, 28> kReply{0, 1, 8, 0, 6, 4, 0,   2,         // Ethernet, IPv4, reply
                                              2, 0, 0, 0, 0, 1, 192, 0, 2, 1,   // sender
                                              2, 0, 0, 0, 0, 2, 192, 0, 2, 2};  // target

TEST(Arp, ReadsAKnownReply) {
  const auto arp = ArpPacket::parse(kReply);
  ASSERT_TRUE(arp);
  EXPECT_EQ(arp->operation, ArpOperation::reply);
  EXPECT_EQ(arp->sender_mac.to_string(), "02:00:00:00:00:01");
  EXPECT_EQ(arp->sender_ip, IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(arp->target_mac.to_string(), "02:00:00:00:00:02");
  EXPECT_EQ(arp->target_ip, IpAddress::v4(192, 0, 2, 2));
}

TEST(Arp, WritesWhatItReadAndIgnoresPadding) {
  std::vector<std::uint8_t> padded(kReply.begin(), kReply.end());
  padded.resize(46, 0xaa);
  std::array<std::uint8_t, 28> out{};
  ArpPacket::parse(padded)->write(out);
  EXPECT_EQ(out, kReply);
}

TEST(Arp, RefusesEveryTruncation) {
  for (std::size_t n = 0; n < kReply.size(); ++n) EXPECT_FALSE(ArpPacket::parse(Bytes(kReply).first(n))) << n;
}

TEST(Arp, RefusesOtherHardwareProtocolsLengthsAndOperations) {
  for (std::size_t at = 0; at < 8; ++at) {
    for (unsigned flip = 1; flip < 256; ++flip) {
      auto bytes = kReply;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ flip);
      const bool becomes_request = at == 7 && bytes[at] == 1;
      EXPECT_EQ(ArpPacket::parse(bytes).has_value(), becomes_request) << at << '^' << flip;
    }
  }
}

TEST(Arp, RefusesAGroupAddressAsSender) {
  auto bytes = kReply;
  for (std::size_t i = 8; i < 14; ++i) bytes[i] = 0xff;
  EXPECT_FALSE(ArpPacket::parse(bytes));
}

TEST(Arp, SurvivesGarbage) {
  Random random({1, 1});
  for (int i = 0; i < 20000; ++i) {
    auto bytes = kReply;
    for (std::size_t at = 6; at < bytes.size(); ++at) bytes[at] = static_cast<std::uint8_t>(random.next32());
    bytes[6] = 0, bytes[7] &= 3;
    if (const auto arp = ArpPacket::parse(bytes)) {
      std::array<std::uint8_t, 28> out{};
      arp->write(out);
      ASSERT_EQ(out, bytes);
    }
  }
}

}  // namespace
}  // namespace leat
