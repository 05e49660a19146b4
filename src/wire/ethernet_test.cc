#include "wire/ethernet.h"

#include <gtest/gtest.h>

#include <array>

namespace leat {
namespace {

constexpr std::array<std::uint8_t, 14> kEthernetFrame{0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00};

TEST(Ethernet, ReadsAKnownFrame) {
  constexpr auto h = EthernetHeader::parse(kEthernetFrame);
  static_assert(h && h->ether_type() == EtherType::ipv4);
  EXPECT_EQ(h->destination.to_string(), "02:00:00:00:00:01");
  EXPECT_EQ(h->source.to_string(), "02:00:00:00:00:02");
  EXPECT_FALSE(h->is_llc());
}

TEST(Ethernet, WritesWhatItRead) {
  std::array<std::uint8_t, 14> out{};
  EthernetHeader::parse(kEthernetFrame)->write(out);
  EXPECT_EQ(out, kEthernetFrame);
  EXPECT_EQ(make_ethernet(EthernetHeader::parse(kEthernetFrame)->destination,
                          EthernetHeader::parse(kEthernetFrame)->source, EtherType::ipv4),
            EthernetHeader::parse(kEthernetFrame));
}

TEST(Ethernet, RefusesEveryShorterFrame) {
  for (std::size_t n = 0; n < kEthernetFrame.size(); ++n)
    EXPECT_FALSE(EthernetHeader::parse(Bytes(kEthernetFrame).first(n))) << n;
}

TEST(Ethernet, ALengthInTheTypeFieldMeansLlc) {
  auto frame = kEthernetFrame;
  for (const auto& [type, llc] : {std::pair{0u, true}, {46u, true}, {1500u, true}, {1501u, false}, {1536u, false}}) {
    store_be16(frame.data() + 12, static_cast<std::uint16_t>(type));
    EXPECT_EQ(EthernetHeader::parse(frame)->is_llc(), llc) << type;
  }
}

}  // namespace
}  // namespace leat
