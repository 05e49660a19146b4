#include "tcp/four_tuple.h"

#include <set>

#include <gtest/gtest.h>

namespace leat {
namespace {

constexpr SipKey kTupleKey{0x0123456789abcdef, 0xfedcba9876543210};

FourTuple v4(std::uint32_t local, std::uint16_t lport, std::uint32_t remote, std::uint16_t rport) {
  return {{IpAddress::v4(local), lport}, {IpAddress::v4(remote), rport}};
}
IpAddress v6(std::uint8_t last, std::uint32_t scope = 0) {
  IpAddress a;
  a.family = IpFamily::v6;
  a.bytes[0] = 0xfe, a.bytes[1] = 0x80, a.bytes[15] = last;
  a.scope = scope;
  return a;
}

TEST(FourTuple, EveryPartCountsInTheHashAndInEquality) {
  const FourTuple base = {{v6(1, 7), 80}, {v6(2, 8), 1024}};
  std::set<std::uint64_t> hashes{hash_tuple<1, 3>(kTupleKey, base)};
  int variants = 1;
  const auto differs = [&](auto change) {
    FourTuple t = base;
    change(t);
    EXPECT_FALSE(t == base);
    hashes.insert(hash_tuple<1, 3>(kTupleKey, t));
    ++variants;
  };
  for (std::size_t i = 0; i < 16; ++i) {
    differs([&](FourTuple& t) { t.local.address.bytes[i] ^= 1; });
    differs([&](FourTuple& t) { t.remote.address.bytes[i] ^= 1; });
  }
  differs([](FourTuple& t) { t.local.address.scope = 9; });
  differs([](FourTuple& t) { t.remote.address.scope = 7; });
  differs([](FourTuple& t) { std::swap(t.local.address.scope, t.remote.address.scope); });
  differs([](FourTuple& t) { t.local.port = 81; });
  differs([](FourTuple& t) { t.remote.port = 1025; });
  differs([](FourTuple& t) { t.local.address.family = IpFamily::v4; });
  differs([](FourTuple& t) { t.remote.address.family = IpFamily::v4; });
  differs([](FourTuple& t) { t = t.reversed(); });
  EXPECT_EQ(hashes.size(), static_cast<std::size_t>(variants));
}

TEST(FourTuple, PlainIpv4HashesItsPartsApart) {
  std::set<std::uint64_t> hashes;
  for (const FourTuple& t : {v4(1, 2, 3, 4), v4(3, 2, 1, 4), v4(1, 4, 3, 2), v4(1, 2, 3, 5), v4(1, 3, 3, 4),
                             v4(2, 2, 3, 4), v4(1, 2, 4, 4)}) {
    hashes.insert(hash_tuple<2, 4>(kTupleKey, t));
  }
  EXPECT_EQ(hashes.size(), 7u);
  // An IPv6 tuple of the same bytes is another flow.
  FourTuple wide = v4(1, 2, 3, 4);
  wide.local.address.family = wide.remote.address.family = IpFamily::v6;
  EXPECT_EQ(hashes.count(hash_tuple<2, 4>(kTupleKey, wide)), 0u);
}

TEST(FourTuple, TheKeyDecides) {
  const FourTuple t = v4(0x0a000001, 80, 0x0a000002, 40000);
  EXPECT_EQ(flow_hash(kTupleKey, t), flow_hash(kTupleKey, t));
  EXPECT_NE(flow_hash(kTupleKey, t), flow_hash({kTupleKey.k0 ^ 1, kTupleKey.k1}, t));
  EXPECT_NE(flow_hash(kTupleKey, t), flow_hash({kTupleKey.k0, kTupleKey.k1 ^ 1}, t));
}

TEST(FourTuple, ReversedIsThePeersName) {
  const FourTuple t = v4(1, 2, 3, 4);
  EXPECT_EQ(t.reversed(), v4(3, 4, 1, 2));
  EXPECT_EQ(t.reversed().reversed(), t);
}

}  // namespace
}  // namespace leat
