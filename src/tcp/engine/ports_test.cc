#include "tcp/engine/ports.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace leat {
namespace {

constexpr IpAddress kLocal = IpAddress::v4(10, 0, 0, 1);
constexpr Endpoint kRemote{IpAddress::v4(10, 0, 0, 2), 80};
const auto kNoneInUse = [](std::uint16_t) { return false; };

EphemeralPorts make(std::uint64_t seed = 1) {
  Random random(Seed{seed, 99});
  return EphemeralPorts(random);
}

TEST(EphemeralPorts, GoesThroughTheWholeRangeBeforeItReusesAPort) {
  EphemeralPorts ports = make();
  std::set<std::uint16_t> seen;
  std::uint16_t first = 0;
  for (std::uint32_t i = 0; i < EphemeralPorts::kCount; ++i) {
    const auto port = ports.select(kLocal, kRemote, kNoneInUse);
    ASSERT_TRUE(port.has_value());
    ASSERT_GE(*port, 32768);
    ASSERT_LE(*port, 60999);
    ASSERT_TRUE(seen.insert(*port).second) << "port " << *port << " again after " << i;
    if (i == 0) first = *port;
  }
  EXPECT_EQ(seen.size(), 28232u);
  EXPECT_EQ(ports.select(kLocal, kRemote, kNoneInUse), first);
}

TEST(EphemeralPorts, SkipsWhatIsInUse) {
  EphemeralPorts ports = make();
  EphemeralPorts same = make();
  const std::uint16_t next = *same.select(kLocal, kRemote, kNoneInUse);
  int asked = 0;
  const auto port = ports.select(kLocal, kRemote, [&](std::uint16_t p) {
    ++asked;
    return p == next;
  });
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(port, next == EphemeralPorts::kLast ? EphemeralPorts::kFirst : next + 1);
}

TEST(EphemeralPorts, FindsTheLastFreePortAndRefusesWhenThereIsNone) {
  EphemeralPorts ports = make();
  for (std::uint16_t last_free : {EphemeralPorts::kFirst, std::uint16_t{45000}, EphemeralPorts::kLast}) {
    EXPECT_EQ(ports.select(kLocal, kRemote, [&](std::uint16_t p) { return p != last_free; }), last_free);
  }
  std::uint32_t asked = 0;
  EXPECT_EQ(ports.select(kLocal, kRemote, [&](std::uint16_t) { return ++asked, true; }), std::nullopt);
  EXPECT_EQ(asked, EphemeralPorts::kCount);
}

TEST(EphemeralPorts, DestinationsDoNotShareASequence) {
  EphemeralPorts ports = make();
  std::set<std::uint16_t> first;
  for (std::uint16_t i = 1; i <= 200; ++i) {
    first.insert(*ports.select(kLocal, {kRemote.address, i}, kNoneInUse));
  }
  EXPECT_GT(first.size(), 190u);

  // Many connections elsewhere leave a destination's sequence alone (all but one in 1024 of them).
  EphemeralPorts busy = make();
  const std::uint16_t before = *busy.select(kLocal, kRemote, kNoneInUse);
  for (std::uint16_t i = 0; i < 50; ++i) busy.select(kLocal, {IpAddress::v4(192, 0, 2, 1), i}, kNoneInUse);
  const std::uint16_t after = *busy.select(kLocal, kRemote, kNoneInUse);
  EXPECT_LE((after - before + EphemeralPorts::kCount) % EphemeralPorts::kCount, 3u);
}

TEST(EphemeralPorts, TheSeedDecides) {
  std::set<std::uint16_t> first;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    EphemeralPorts ports = make(seed);
    first.insert(*ports.select(kLocal, kRemote, kNoneInUse));
    EphemeralPorts again = make(seed);
    EXPECT_EQ(first.count(*again.select(kLocal, kRemote, kNoneInUse)), 1u);
  }
  EXPECT_GT(first.size(), 95u);
}

}  // namespace
}  // namespace leat
