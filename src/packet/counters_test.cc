#include "leat/counters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace leat {
namespace {

template <class Enum>
void expect_a_name_for_each() {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Enum::kCount); ++i) {
    const std::string_view name = to_string(static_cast<Enum>(i));
    EXPECT_TRUE(!name.empty() && name != "unknown" && name != "kCount") << i;
    EXPECT_TRUE(std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    })) << name;
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(Enum::kCount), "unknown");
  EXPECT_EQ(to_string(static_cast<Enum>(255)), "unknown");
}

TEST(Counters, EachHasItsEnumeratorsName) {
  expect_a_name_for_each<Counter>();
  EXPECT_EQ(to_string(Counter::IpInReceives), "IpInReceives");
  EXPECT_EQ(to_string(Counter::TcpRetransSegs), "TcpRetransSegs");
  EXPECT_EQ(to_string(Counter::TcpExtTCPChallengeACK), "TcpExtTCPChallengeACK");
  EXPECT_EQ(to_string(Counter::ArpFailures), "ArpFailures");
}

TEST(Counters, EachDropReasonHasItsEnumeratorsName) {
  expect_a_name_for_each<DropReason>();
  EXPECT_EQ(to_string(DropReason::NOT_SPECIFIED), "NOT_SPECIFIED");
  EXPECT_EQ(to_string(DropReason::TCP_CSUM), "TCP_CSUM");
  EXPECT_EQ(to_string(DropReason::NEIGH_FAILED), "NEIGH_FAILED");
  EXPECT_EQ(to_string(DropReason::NOMEM), "NOMEM");
}

TEST(Counters, AreIndexedByName) {
  Counters c;
  ++c[Counter::TcpOutSegs];
  c[DropReason::IP_CSUM] += 3;
  const Counters copy = c;
  EXPECT_EQ(copy[Counter::TcpOutSegs], 1u);
  EXPECT_EQ(copy[DropReason::IP_CSUM], 3u);
  EXPECT_EQ(copy[Counter::TcpInSegs], 0u);
}

}  // namespace
}  // namespace leat
