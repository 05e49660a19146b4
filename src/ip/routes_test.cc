#include "ip/routes.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

IpAddress address(const char* text) { return *IpAddress::parse(text); }

Routes two_interfaces() {
  Routes r;
  EXPECT_TRUE(r.add_connected(1, *IpPrefix::parse("10.0.0.2/24")));
  EXPECT_TRUE(r.add_connected(2, *IpPrefix::parse("192.0.2.2/25")));
  EXPECT_TRUE(r.add_default(1, address("10.0.0.1")));
  return r;
}

TEST(Routes, ANeighbourIsItsOwnNextHop) {
  const auto d = two_interfaces().lookup(address("192.0.2.99"));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->interface, 2u);
  EXPECT_EQ(d->next_hop, address("192.0.2.99"));
  EXPECT_EQ(d->source, address("192.0.2.2"));
  EXPECT_EQ(d->kind, DestinationKind::unicast);
}

TEST(Routes, EverythingElseGoesToTheGateway) {
  const auto d = two_interfaces().lookup(address("192.0.2.200"));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->interface, 1u);
  EXPECT_EQ(d->next_hop, address("10.0.0.1"));
  EXPECT_EQ(d->source, address("10.0.0.2"));
}

TEST(Routes, TheLongestPrefixWinsWhateverTheOrder) {
  Routes r = two_interfaces();
  EXPECT_TRUE(r.add({*IpPrefix::parse("198.51.100.0/24"), 2, address("192.0.2.1"), address("192.0.2.2")}));
  EXPECT_TRUE(r.add({*IpPrefix::parse("198.51.0.0/16"), 1, address("10.0.0.9"), address("10.0.0.2")}));
  EXPECT_TRUE(r.add({*IpPrefix::parse("198.51.0.0/16"), 1, address("10.0.0.8"), address("10.0.0.2")}));
  EXPECT_EQ(r.lookup(address("198.51.100.7"))->next_hop, address("192.0.2.1"));
  EXPECT_EQ(r.lookup(address("198.51.7.7"))->next_hop, address("10.0.0.9"));
  EXPECT_EQ(r.lookup(address("198.52.7.7"))->next_hop, address("10.0.0.1"));
}

TEST(Routes, WithoutARouteTheNetworkIsUnreachable) {
  Routes r;
  EXPECT_TRUE(r.add_connected(1, *IpPrefix::parse("10.0.0.2/24")));
  EXPECT_EQ(r.lookup(address("10.0.1.1")).error(), Error::network_unreachable);
  EXPECT_EQ(r.lookup(address("2001:db8::1")).error(), Error::network_unreachable);
  EXPECT_EQ(Routes().lookup(address("255.255.255.255")).error(), Error::network_unreachable);
  Routes gone = two_interfaces();
  gone.remove_interface(1);
  EXPECT_FALSE(gone.lookup(address("8.8.8.8")));
  EXPECT_TRUE(gone.lookup(address("192.0.2.9")));
}

TEST(Routes, NothingIsSentToLoopbackOrNowhere) {
  for (const char* bad : {"0.0.0.0", "127.0.0.1", "127.255.0.1", "::", "::1"}) {
    EXPECT_EQ(two_interfaces().lookup(address(bad)).error(), Error::network_unreachable) << bad;
  }
}

TEST(Routes, BroadcastAndMulticastAreToldFromUnicast) {
  const Routes r = two_interfaces();
  EXPECT_EQ(r.lookup(address("10.0.0.255"))->kind, DestinationKind::broadcast);
  EXPECT_EQ(r.lookup(address("192.0.2.127"))->kind, DestinationKind::broadcast);
  EXPECT_EQ(r.lookup(address("192.0.2.127"))->interface, 2u);
  EXPECT_EQ(r.lookup(address("255.255.255.255"))->kind, DestinationKind::broadcast);
  EXPECT_EQ(r.lookup(address("224.0.0.251"))->kind, DestinationKind::multicast);
  EXPECT_EQ(r.lookup(address("10.0.1.255"))->kind,
            DestinationKind::unicast);  // broadcast in its own subnet, which we cannot know
  Routes no_default;
  EXPECT_TRUE(no_default.add_connected(7, *IpPrefix::parse("10.0.0.2/24")));
  EXPECT_EQ(no_default.lookup(address("224.0.0.251"))->interface, 7u);
}

TEST(Routes, AGatewayMustBeANeighbour) {
  Routes r;
  EXPECT_FALSE(r.add_default(1, address("10.0.0.1")));
  EXPECT_TRUE(r.add_connected(1, *IpPrefix::parse("10.0.0.2/24")));
  EXPECT_FALSE(r.add_default(1, address("10.0.1.1")));
  EXPECT_FALSE(r.add_default(2, address("10.0.0.1")));
  EXPECT_FALSE(r.add_default(1, address("10.0.0.2")));  // our own address
  EXPECT_TRUE(r.add_default(1, address("10.0.0.1")));
}

TEST(Routes, AScopedDestinationStaysOnItsInterface) {
  Routes r;
  EXPECT_TRUE(r.add_connected(1, *IpPrefix::parse("fe80::1/64")));
  EXPECT_TRUE(r.add_connected(2, *IpPrefix::parse("fe80::2/64")));
  EXPECT_EQ(r.lookup(address("fe80::9%2"))->interface, 2u);
  EXPECT_EQ(r.lookup(address("fe80::9%1"))->interface, 1u);
  EXPECT_FALSE(r.lookup(address("fe80::9%3")));
}

TEST(Routes, AreBounded) {
  Routes r;
  for (std::size_t i = 0; i < Routes::kMax; ++i) {
    ASSERT_TRUE(r.add_connected(1, {IpAddress::v4(static_cast<std::uint32_t>(0x0a000001 + (i << 8))), 24}));
  }
  EXPECT_FALSE(r.add_connected(1, *IpPrefix::parse("192.0.2.1/24")));
}

}  // namespace
}  // namespace leat
