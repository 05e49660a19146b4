#include "ip/interface_addresses.h"

#include <gtest/gtest.h>

namespace leat {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

InterfaceAddresses make(std::initializer_list<const char*> prefixes) {
  InterfaceAddresses a;
  for (const char* p : prefixes) EXPECT_TRUE(a.add(*IpPrefix::parse(p))) << p;
  return a;
}

TEST(InterfaceAddresses, SeveralAreLocal) {
  const auto a = make({"10.0.0.2/24", "10.0.0.3/24", "192.0.2.7/32", "2001:db8::2/64"});
  for (const char* local : {"10.0.0.2", "10.0.0.3", "192.0.2.7", "2001:db8::2"}) EXPECT_TRUE(a.is_local(ip(local)));
  for (const char* other : {"10.0.0.1", "0.0.0.0", "255.255.255.255", "::", "2001:db8::1"}) {
    EXPECT_FALSE(a.is_local(ip(other))) << other;
  }
  EXPECT_EQ(a.all().size(), 4u);
}

TEST(InterfaceAddresses, RefusesWhatNoHostCanHave) {
  auto a = make({"10.0.0.2/24"});
  for (const char* bad : {"0.0.0.0/8", "224.0.0.1/24", "255.255.255.255/32", "10.0.0.255/24", "10.0.0.2/24",
                          "10.0.0.2/8", "::/64", "ff02::1/64"}) {
    EXPECT_FALSE(a.add(*IpPrefix::parse(bad))) << bad;
  }
  EXPECT_FALSE(a.add({ip("10.0.0.9"), 33}));
  EXPECT_FALSE(a.add({}));
  EXPECT_TRUE(a.add({ip("10.0.1.0"), 31}));  // RFC 3021: both addresses of a /31 are hosts
  while (a.all().size() < InterfaceAddresses::kMax) {
    ASSERT_TRUE(a.add({IpAddress::v4(static_cast<std::uint32_t>(0x0b000001 + a.all().size())), 8}));
  }
  EXPECT_FALSE(a.add({ip("172.16.0.1"), 24}));
}

TEST(InterfaceAddresses, BroadcastIsLimitedOrOfOneOfTheSubnets) {
  const auto a = make({"10.0.0.2/24", "172.16.5.1/16", "192.0.2.1/31"});
  EXPECT_TRUE(a.is_broadcast(ip("255.255.255.255")));
  EXPECT_TRUE(a.is_broadcast(ip("10.0.0.255")));
  EXPECT_TRUE(a.is_broadcast(ip("172.16.255.255")));
  EXPECT_FALSE(a.is_broadcast(ip("10.0.1.255")));
  EXPECT_FALSE(a.is_broadcast(ip("172.16.5.255")));
  EXPECT_FALSE(a.is_broadcast(ip("192.0.2.1")));
}

TEST(InterfaceAddresses, TheSourceIsTheOneOfTheLongestSubnet) {
  const auto a = make({"10.0.0.2/8", "10.1.0.2/16", "10.2.0.2/16", "2001:db8::2/64"});
  EXPECT_EQ(a.source_for(ip("10.1.9.9")), ip("10.1.0.2"));
  EXPECT_EQ(a.source_for(ip("10.2.9.9")), ip("10.2.0.2"));
  EXPECT_EQ(a.source_for(ip("10.3.9.9")), ip("10.0.0.2"));
  EXPECT_EQ(a.source_for(ip("8.8.8.8")), ip("10.0.0.2"));
  EXPECT_EQ(a.source_for(ip("2001:db8::9")), ip("2001:db8::2"));
  EXPECT_EQ(make({"10.0.0.2/8"}).source_for(ip("::1")), std::nullopt);
  EXPECT_TRUE(a.is_on_link(ip("10.200.0.1")));
  EXPECT_FALSE(a.is_on_link(ip("11.0.0.1")));
}

}  // namespace
}  // namespace leat
