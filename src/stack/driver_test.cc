// A Driver in virtual time: a blocked link beside a free one costs no turns and no packets.
#include "stack/driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "link/queue_device.h"

namespace leat::driver_test {
namespace {

using namespace std::chrono_literals;

constexpr IpAddress kLoopback = IpAddress::v4(127, 0, 0, 1);
constexpr std::uint16_t kPort = 80;
constexpr std::size_t kMany = 1500;  // more than the 1,024 packets that wait for a device at most

IpAddress address(std::uint8_t net, std::uint8_t host) { return IpAddress::v4(10, 0, net, host); }

DeviceCaps bare_ip() {
  DeviceCaps caps;
  caps.has_link_layer = false;
  return caps;
}

DeviceCaps loopback() {
  DeviceCaps caps = bare_ip();
  caps.loops_back = true;
  return caps;
}

struct Host {
  BufferPool& pool;
  Stack stack;
  Driver driver;
  std::vector<Event> events;
  std::uint64_t turns = 0;
  Instant back{};

  Host(BufferPool& p, std::uint64_t seed) : pool(p), stack({.seed = {seed, 1}, .tcp = {}}, p), driver(stack, p) {}
  void attach(Device& device, const IpAddress& own) {
    InterfaceConfig config;
    config.caps = device.caps();
    config.addresses = {{own, static_cast<std::uint8_t>(device.caps().loops_back ? 8 : 24)}};
    ASSERT_TRUE(driver.attach(device, config));
  }
  void turn(Instant now) {
    ++turns;
    back = driver.turn(now, [this](const Event& event) { events.push_back(event); });
  }
};

/// Hands what each device of `from` and `to` sent to the other one. True when there was something.
bool carry(QueueDevice& from, QueueDevice& to) {
  bool any = false;
  for (; from.has_sent(); any = true) to.arrive(from.take_sent());
  return any;
}

class DriverTest : public ::testing::Test {
 protected:
  static constexpr Instant kBegin{24h};

  /// Opens kMany connections to a host behind `blocked_`, whose SYNs cannot leave.
  void connect_to_blocked() {
    blocked_.block(true);
    for (std::size_t i = 0; i < kMany; ++i) {
      ConnectRequest request{.remote = {address(0, 2), static_cast<std::uint16_t>(1000 + i)}};
      ASSERT_TRUE(near_.stack.connect(request, now_));
    }
  }
  std::uint64_t lost() const { return near_.stack.counters()[DropReason::QUEUE_FULL]; }
  std::size_t sent_by_blocked() {
    std::size_t count = 0;
    for (; blocked_.has_sent(); ++count) blocked_.take_sent();
    return count;
  }

  BufferPool pool_;
  QueueDevice blocked_{bare_ip()};
  Host near_{pool_, 1};
  Instant now_ = kBegin;
};

TEST_F(DriverTest, ABlockedLinkBesideLoopbackNeitherSpinsNorLoses) {
  QueueDevice loop(loopback());
  near_.attach(blocked_, address(0, 1));
  near_.attach(loop, kLoopback);
  const auto listener = near_.stack.listen({kLoopback, kPort}, 4);
  ASSERT_TRUE(listener);
  near_.turn(now_);
  connect_to_blocked();
  const auto client = near_.stack.connect({.remote = {kLoopback, kPort}}, now_);
  ASSERT_TRUE(client);

  // The loopback connection is established at once, while nothing leaves by the other link.
  const std::uint64_t before = near_.turns;
  do near_.turn(now_);
  while (carry(loop, loop) || near_.back <= now_);
  EXPECT_TRUE(near_.stack.accept(*listener));
  EXPECT_EQ(sent_by_blocked(), 0u);
  EXPECT_TRUE(near_.driver.is_blocked(0));
  EXPECT_LE(near_.turns - before, 10u) << "it spins";
  EXPECT_EQ(lost(), 0u);

  blocked_.block(false);
  do near_.turn(now_);
  while (near_.back <= now_);
  EXPECT_EQ(sent_by_blocked(), kMany) << "each SYN once";
  EXPECT_EQ(lost(), 0u);
}

TEST_F(DriverTest, TimersRunBehindABlockedLinkWithoutSpinning) {
  QueueDevice free(bare_ip());
  near_.attach(blocked_, address(0, 1));
  near_.attach(free, address(1, 1));
  connect_to_blocked();
  std::uint64_t turns = 0;
  const Instant end = now_ + 10s;
  for (; now_ <= end; now_ = std::max(now_, near_.back), ++turns) near_.turn(now_);
  // A SYN that has not left yet is not sent again, so each connection has a few timers in ten seconds.
  EXPECT_LE(turns, 100u) << "it spins";
  EXPECT_EQ(lost(), 0u);
  now_ = end;
  blocked_.block(false);
  do near_.turn(now_);
  while (near_.back <= now_);
  EXPECT_GE(sent_by_blocked(), kMany);
  EXPECT_EQ(lost(), 0u);
}

TEST_F(DriverTest, ABlockedLinkDoesNotHoldBackAnotherOne) {
  QueueDevice free(bare_ip()), peer(bare_ip());
  Host far(pool_, 2);
  near_.attach(blocked_, address(0, 1));
  near_.attach(free, address(1, 1));
  far.attach(peer, address(1, 2));
  const auto listener = far.stack.listen({address(1, 2), kPort}, 4);
  ASSERT_TRUE(listener);
  connect_to_blocked();
  const auto client = near_.stack.connect({.remote = {address(1, 2), kPort}}, now_);
  ASSERT_TRUE(client);
  const auto settle = [&] {
    bool moved = true;
    while (moved) {
      near_.turn(now_), far.turn(now_);
      moved = carry(free, peer);
      moved |= carry(peer, free);
    }
  };
  settle();
  const auto server = far.stack.accept(*listener);
  ASSERT_TRUE(server);
  std::vector<std::uint8_t> data(100'000, 7), got;
  std::size_t written = 0;
  const std::uint64_t before = near_.turns;
  while (got.size() < data.size()) {
    const auto taken = near_.stack.write(*client, Bytes(data).subspan(written), now_);
    written += taken.value_or(0);
    settle();
    std::array<std::uint8_t, 65536> buffer;
    while (const auto n = far.stack.read(*server, buffer, now_)) {
      if (*n == 0) break;
      got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
    }
    now_ += 1ms;
    ASSERT_LT(now_, kBegin + 10s);
  }
  EXPECT_EQ(got, data);
  EXPECT_LE(near_.turns - before, 100u) << "it spins";
  EXPECT_EQ(sent_by_blocked(), 0u);
  EXPECT_EQ(lost(), 0u);
}

TEST_F(DriverTest, AConnectionThatCameInByAnotherLinkUsesThatOfItsRoute) {
  // The peer's route to us is another one than ours to it: its segments come in by the blocked link.
  QueueDevice free(bare_ip()), peer(bare_ip());
  Host far(pool_, 2);
  near_.attach(blocked_, address(0, 1));
  near_.attach(free, address(1, 1));
  InterfaceConfig config;
  config.caps = peer.caps();
  config.addresses = {{address(1, 2), 24}};
  config.gateway = address(1, 1);
  ASSERT_TRUE(far.driver.attach(peer, config));
  const auto listener = near_.stack.listen({address(0, 1), kPort}, 4);
  ASSERT_TRUE(listener);
  blocked_.block(true);
  const auto client = far.stack.connect({.remote = {address(0, 1), kPort}}, now_);
  ASSERT_TRUE(client);
  for (bool moved = true; moved;) {
    near_.turn(now_), far.turn(now_);
    moved = carry(peer, blocked_);
    moved |= carry(free, peer);
  }
  const auto server = near_.stack.accept(*listener);
  ASSERT_TRUE(server);
  const std::uint8_t byte = 7;
  ASSERT_TRUE(near_.stack.write(*server, {&byte, 1}, now_));
  do near_.turn(now_);
  while (near_.back <= now_);
  EXPECT_TRUE(carry(free, peer));
  EXPECT_FALSE(near_.driver.is_blocked(0));
  EXPECT_EQ(lost(), 0u);
}

}  // namespace
}  // namespace leat::driver_test
