#include "leat/address.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace leat {
namespace {

std::string round_trip(std::string_view text) {
  const auto a = IpAddress::parse(text);
  return a ? a->to_string() : "refused";
}

TEST(Address, ReadsStrictDottedDecimal) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1"), IpAddress::v4(192, 0, 2, 1));
  EXPECT_EQ(round_trip("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(round_trip("255.255.255.255"), "255.255.255.255");
  for (const char* bad :
       {"", ".", "1", "1.2.3", "1.2.3.4.", ".1.2.3.4", "1.2.3.4.5", "1..3.4", "01.2.3.4", "1.2.3.00", "256.0.0.1",
        "1.2.3.-4", "1.2.3.4 ", " 1.2.3.4", "0x1.2.3.4", "1.2.3.4%1", "1.2.3.4/8", "1.2.3.99999999999999999999"}) {
    EXPECT_EQ(round_trip(bad), "refused") << bad;
  }
}

TEST(Address, ReadsIpv6AndPrintsTheCanonicalForm) {
  const std::pair<const char*, const char*> cases[] = {
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"},
      {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},  // the first of two equal runs
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},                  // one zero group is not shortened
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},                                 // the longer run
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::FFFF:c000:0201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"fe80::1%7", "fe80::1%7"},
      {"fe80::1%4294967295", "fe80::1%4294967295"},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(round_trip(in), out) << in;
}

TEST(Address, RefusesMalformedIpv6) {
  for (const char* bad : {":",
                          ":::",
                          "1",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1::2::3",
                          "1:2:3:4:5:6:7:8::",
                          "::1:2:3:4:5:6:7:8",
                          "12345::",
                          "g::",
                          ":1:2:3:4:5:6:7:8",
                          "1:2:3:4:5:6:7:8:",
                          "1:",
                          ":1",
                          "1.2.3.4::",
                          "::1.2.3",
                          "::1.2.3.04",
                          "1:2:3:4:5:6:7:1.2.3.4",
                          "::1.2.3.4:5",
                          "fe80::1%",
                          "fe80::1%eth0",
                          "fe80::1%0",
                          "fe80::1%01",
                          "fe80::1%4294967296",
                          "%1",
                          "::1/64",
                          "[::1]"}) {
    EXPECT_EQ(round_trip(bad), "refused") << bad;
  }
}

TEST(Address, ScopeIsPartOfTheIdentity) {
  EXPECT_NE(IpAddress::parse("fe80::1%1"), IpAddress::parse("fe80::1%2"));
  EXPECT_EQ(IpAddress::parse("fe80::1%2")->scope, 2u);
}

TEST(Address, EveryAddressSurvivesATripThroughText) {
  Random random({1, 2});
  for (int i = 0; i < 3000; ++i) {
    IpAddress a;
    a.family = i % 3 == 0 ? IpFamily::v4 : IpFamily::v6;
    for (std::size_t b = 0; b < (a.is_v4() ? 4u : 16u); ++b) {
      a.bytes[b] = random.chance(0.6) ? std::uint8_t{0} : static_cast<std::uint8_t>(random.next32());
    }
    if (a.is_v6() && random.chance(0.3)) a.scope = random.next32();
    EXPECT_EQ(IpAddress::parse(a.to_string()), a) << a.to_string();
    const Endpoint e{a, static_cast<std::uint16_t>(random.next32())};
    EXPECT_EQ(Endpoint::parse(e.to_string()), e) << e.to_string();
  }
}

TEST(Address, ParsersSurviveGarbage) {
  Random random({3, 4});
  constexpr std::string_view alphabet = "0123456789abcdefABCDEFx:.%/[] -";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::uint32_t n = random.below(24); n > 0; --n) {
      text += alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
    }
    if (const auto a = IpAddress::parse(text)) {
      EXPECT_EQ(IpAddress::parse(a->to_string()), a) << text;
    }
    (void)IpPrefix::parse(text);
    (void)Endpoint::parse(text);
    (void)MacAddress::parse(text);
  }
}

TEST(Prefix, NeedsALengthInRange) {
  EXPECT_EQ(IpPrefix::parse("10.1.2.3/8"), (IpPrefix{IpAddress::v4(10, 1, 2, 3), 8}));
  EXPECT_EQ(IpPrefix::parse("::1/128")->length, 128);
  EXPECT_EQ(IpPrefix::parse("10.0.0.1/0")->to_string(), "10.0.0.1/0");
  for (const char* bad :
       {"10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "::1/129", "10.0.0.1/08", "10.0.0.1/-1", "/8", "10.0.0.1/8/8"}) {
    EXPECT_FALSE(IpPrefix::parse(bad)) << bad;
  }
}

TEST(Prefix, ContainsSharesTheFirstBits) {
  const auto prefix = *IpPrefix::parse("10.1.2.3/12");
  EXPECT_TRUE(prefix.contains(IpAddress::v4(10, 15, 255, 255)));
  EXPECT_FALSE(prefix.contains(IpAddress::v4(10, 16, 0, 0)));
  EXPECT_FALSE(prefix.contains(*IpAddress::parse("a01:203::")));
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0")->contains(IpAddress::v4(8, 8, 8, 8)));
  EXPECT_EQ(IpPrefix::parse("192.0.2.5/24")->broadcast(), IpAddress::v4(192, 0, 2, 255));
  EXPECT_FALSE(IpPrefix::parse("192.0.2.5/31")->broadcast());
}

TEST(EndpointText, BracketsBelongToIpv6Only) {
  EXPECT_EQ(Endpoint::parse("192.0.2.1:80"), (Endpoint{IpAddress::v4(192, 0, 2, 1), 80}));
  EXPECT_EQ(Endpoint::parse("[fe80::1%3]:443")->to_string(), "[fe80::1%3]:443");
  for (const char* bad : {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:080", "[192.0.2.1]:80", "::1:80",
                          "[::1]", "[::1]80", "[]:80", ":80", "[::1:80", "::1]:80"}) {
    EXPECT_FALSE(Endpoint::parse(bad)) << bad;
  }
}

TEST(Mac, TwoHexDigitsSixTimes) {
  EXPECT_EQ(MacAddress::parse("02:00:5e:AB:cd:01")->to_string(), "02:00:5e:ab:cd:01");
  for (const char* bad : {"", "02:00:5e:ab:cd", "02:00:5e:ab:cd:01:02", "2:0:5e:ab:cd:1", "02-00-5e-ab-cd-01",
                          "02:00:5e:ab:cd:0g", "02:00:5e:ab:cd:011", "02:00:5e:ab:cd:"}) {
    EXPECT_FALSE(MacAddress::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace leat
