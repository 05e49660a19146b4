// A Stack on addresses that the kernel has too and routes for: what it sends to itself comes back, its ports are told
// when they fall out of use. The kernel is played by a loop.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "stack/stack.h"
#include "stack/testing/link.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;

constexpr IpAddress kLoopback = IpAddress::v4(127, 0, 0, 1);
constexpr IpAddress kOurs = IpAddress::v4(10, 0, 0, 1);
constexpr std::uint16_t kPort = 80;

class KernelRouted : public ::testing::Test {
 protected:
  KernelRouted() : stack_({{1, 2}}, pool_) {
    InterfaceConfig config;
    config.caps.has_link_layer = false;
    config.caps.shares_host_address = true;
    config.addresses = {{kLoopback, 8}, {kOurs, 24}};
    interface_ = *stack_.add_interface(config);
  }

  void run(Duration d) {
    const Instant end = now_ + d;
    for (;;) {
      for (;;) {
        PacketBatch batch;
        stack_.transmit(interface_, batch, now_);
        sent_ += batch.size();
        if (batch.empty()) break;
        stack_.receive(interface_, batch, now_);
      }
      while (stack_.next_event()) continue;
      const Instant next = stack_.next_deadline();
      if (next > end) break;
      now_ = std::max(now_, next);
    }
    now_ = end;
  }
  SocketHandle listen(const IpAddress& address = IpAddress::any_v4()) { return *stack_.listen({address, kPort}, 5); }
  expected<SocketHandle, Error> connect(const IpAddress& to, std::uint16_t local_port = 0) {
    return stack_.connect({.remote = {to, kPort}, .local_port = local_port}, now_);
  }

  BufferPool pool_;
  Stack stack_;
  InterfaceId interface_ = 0;
  Instant now_{std::chrono::hours(1)};
  std::size_t sent_ = 0;
};

TEST_F(KernelRouted, TalksToItsOwnAddressesThroughTheKernel) {
  const SocketHandle listener = listen();
  for (const IpAddress& address : {kLoopback, kOurs, IpAddress::v4(127, 9, 9, 9)}) {
    if (!stack_.is_local(address)) stack_.add_address(interface_, {address, 32});
    const auto client = connect(address);
    ASSERT_TRUE(client) << address.to_string() << ": " << to_string(client.error());
    EXPECT_TRUE(stack_.write(*client, bytes_of("hello"), now_));
    run(100ms);
    const auto server = stack_.accept(listener);
    ASSERT_TRUE(server) << address.to_string();
    std::array<std::uint8_t, 16> buffer{};
    EXPECT_EQ(stack_.read(*server, buffer, now_).value_or(0), 5u);
    EXPECT_EQ(stack_.local(*server)->address, address);
  }
}

TEST_F(KernelRouted, WhatIsBorrowedStaysSoUntilItsReaderOnTheSameHostHasIt) {
  const SocketHandle listener = listen();
  const auto client = connect(kLoopback);
  run(100ms);
  const auto server = stack_.accept(listener);
  ASSERT_TRUE(client && server);
  std::vector<std::uint8_t> data(30'000), all;
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7 + (i >> 8));
  const std::vector<std::uint8_t> original = data;
  const Release spoil{[](void* bytes) {
                        auto& lent = *static_cast<std::vector<std::uint8_t>*>(bytes);
                        std::fill(lent.begin(), lent.end(), std::uint8_t{0});
                        lent.push_back(1);
                      },
                      &data};
  ASSERT_TRUE(stack_.write_borrowed(*client, data, spoil, now_));
  run(100ms);
  EXPECT_EQ(stack_.queued(*client)->unacked, 0u);
  std::array<std::uint8_t, 4096> buffer;
  while (const auto n = stack_.read(*server, buffer, now_)) {
    ASSERT_GT(*n, 0u);
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
  }
  EXPECT_EQ(all, original);
  EXPECT_EQ(data.size(), original.size() + 1) << "given back once";
}

TEST_F(KernelRouted, LeavesRoutingToTheKernel) {
  const auto path = stack_.path_to(IpAddress::v4(192, 0, 2, 1));
  ASSERT_TRUE(path);
  EXPECT_EQ(path->interface, interface_);
  EXPECT_TRUE(connect(IpAddress::v4(192, 0, 2, 1)));
  EXPECT_EQ(connect(IpAddress::v4(10, 0, 0, 255)).error(), Error::invalid_argument) << "a broadcast address";
  EXPECT_EQ(connect(IpAddress::v4(224, 0, 0, 1)).error(), Error::invalid_argument);
}

TEST_F(KernelRouted, APortFallsOutOfUseAfterTimeWait) {
  const SocketHandle listener = listen();
  const auto client = connect(kOurs, 5000);
  ASSERT_TRUE(client);
  run(100ms);
  const auto server = stack_.accept(listener);
  ASSERT_TRUE(server);
  EXPECT_TRUE(stack_.is_port_used(5000) && stack_.is_port_used(kPort));
  EXPECT_TRUE(stack_.close(*client, now_));
  run(100ms);
  EXPECT_TRUE(stack_.close(*server, now_));
  run(30s);
  EXPECT_EQ(stack_.population().time_wait, 1u);
  EXPECT_EQ(stack_.next_unused_port(), std::nullopt) << "TIME-WAIT, and a listener";
  run(31s);
  EXPECT_EQ(stack_.next_unused_port(), 5000);
  EXPECT_EQ(stack_.next_unused_port(), std::nullopt);
  EXPECT_TRUE(stack_.close(listener, now_));
  EXPECT_EQ(stack_.next_unused_port(), kPort);
  EXPECT_FALSE(stack_.is_port_used(kPort));
}

TEST_F(KernelRouted, AListenersPortStaysInUseWithItsConnections) {
  const SocketHandle listener = listen();
  const auto client = connect(kOurs, 5000);
  run(100ms);
  const auto server = stack_.accept(listener);
  ASSERT_TRUE(client && server);
  EXPECT_TRUE(stack_.close(listener, now_));
  run(1s);
  EXPECT_EQ(stack_.next_unused_port(), std::nullopt);
  EXPECT_TRUE(stack_.abort(*server, now_));
  run(1s);
  EXPECT_EQ(stack_.next_unused_port(), kPort);
}

TEST_F(KernelRouted, ARefusedAttemptGivesItsPortUp) {
  const auto client = connect(kOurs, 5000);  // nobody listens: the stack refuses itself
  ASSERT_TRUE(client);
  run(100ms);
  EXPECT_EQ(stack_.error(*client), Error::refused);
  EXPECT_TRUE(stack_.close(*client, now_));
  run(1s);
  EXPECT_EQ(stack_.next_unused_port(), 5000);
}

TEST_F(KernelRouted, ThePathsMtuBoundsTheSegments) {
  const auto client = stack_.connect({.remote = {IpAddress::v4(192, 0, 2, 1), kPort}, .mtu = 1000}, now_);
  ASSERT_TRUE(client);
  EXPECT_EQ(stack_.info(*client)->advmss, 960u);
}

}  // namespace
}  // namespace leat
