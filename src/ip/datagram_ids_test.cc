#include "ip/datagram_ids.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

constexpr SipKey kKey{1, 2};
const IpAddress kUs = IpAddress::v4(10, 0, 0, 1);

TEST(DatagramIds, AtomicDatagramsHaveNone) {
  DatagramIds ids(kKey);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ids.next(kUs, IpAddress::v4(10, 0, 0, 2), true), 0);
}

TEST(DatagramIds, OneDestinationsAreAllDifferent) {
  DatagramIds ids(kKey);
  const std::uint16_t first = ids.next(kUs, IpAddress::v4(10, 0, 0, 2), false);
  for (std::uint16_t i = 1; i != 0; ++i) {
    ASSERT_EQ(ids.next(kUs, IpAddress::v4(10, 0, 0, 2), false), static_cast<std::uint16_t>(first + i));
  }
}

TEST(DatagramIds, TrafficWithOthersDoesNotShow) {
  DatagramIds ids(kKey);
  const std::uint16_t first = ids.next(kUs, IpAddress::v4(10, 0, 0, 2), false);
  for (std::uint8_t host = 3; host < 23; ++host) {
    EXPECT_NE(ids.next(kUs, IpAddress::v4(10, 0, 0, host), false), static_cast<std::uint16_t>(first + 1));
  }
  EXPECT_EQ(ids.next(kUs, IpAddress::v4(10, 0, 0, 2), false), static_cast<std::uint16_t>(first + 1));
}

TEST(DatagramIds, AnotherKeyStartsElsewhere) {
  DatagramIds ids(kKey), others(SipKey{1, 3});
  EXPECT_NE(ids.next(kUs, IpAddress::v4(10, 0, 0, 2), false), others.next(kUs, IpAddress::v4(10, 0, 0, 2), false));
}

}  // namespace
}  // namespace leat
