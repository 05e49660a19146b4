// Hosts on raw links with addresses of the kernel, in one namespace with the kernel's TCP.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "api/testing/host_pair.h"
#include "device/testing/in_namespace.h"
#include "device/unique_fd.h"

namespace leat {
namespace {

using ::testing::HasSubstr;
using testing::in_namespace;
using testing::kSoon;
using testing::pattern;
using testing::read_to_end;
using testing::shell;

constexpr IpAddress kLoopback = IpAddress::v4(127, 0, 0, 1);
constexpr std::size_t kBulk = std::size_t{5} << 20;

sockaddr_in name_of(const IpAddress& address, std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(address.v4_value());
  return a;
}

/// Returns 0 or an errno.
int bind_kernel_socket(const UniqueFd& fd, std::uint16_t port, const IpAddress& address = kLoopback) {
  const sockaddr_in at = name_of(address, port);
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 ? 0 : errno;
}

UniqueFd kernel_socket() { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool connect_kernel_socket(const UniqueFd& fd, std::uint16_t port) {
  const sockaddr_in to = name_of(kLoopback, port);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

std::vector<std::uint8_t> receive_all(int fd) {
  std::vector<std::uint8_t> all, buffer(1 << 18);
  for (;;) {
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    EXPECT_GE(n, 0) << errno;
    if (n <= 0) return all;
    all.insert(all.end(), buffer.begin(), buffer.begin() + n);
  }
}

bool send_all(int fd, const std::vector<std::uint8_t>& data) {
  std::size_t sent = 0;
  while (sent < data.size()) {
    const ssize_t n = ::send(fd, data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return ::shutdown(fd, SHUT_WR) == 0;
}

Host open_host(std::vector<IpPrefix> addresses = {}) {
  HostConfig config;
  config.link = "raw";
  config.addresses = std::move(addresses);
  auto host = Host::open(config);
  EXPECT_TRUE(host) << host.error().message;
  return std::move(*host);
}

#define IN_NAMESPACE_WITH_LOOPBACK(...) \
  const auto reason = in_namespace([] { \
    shell("ip link set lo up");         \
    __VA_ARGS__                         \
  });                                   \
  if (reason) GTEST_SKIP() << *reason

/// Runs as after `setcap cap_net_raw+ep`.
void keep_only_net_raw() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  data[0].effective = data[0].permitted = 1u << CAP_NET_RAW;
  ASSERT_EQ(::syscall(SYS_capset, &header, data), 0);
}

TEST(SharedAddress, NeedsNoMoreThanCapNetRaw) {
  IN_NAMESPACE_WITH_LOOPBACK({
    keep_only_net_raw();
    Host host = open_host();
    auto listener = host.listen({kLoopback, 8080});
    ASSERT_TRUE(listener) << to_string(listener.error());
    EXPECT_EQ(host.listen({kLoopback, 80}).error(), Error::not_permitted) << "a privileged port";
    const UniqueFd client = kernel_socket();
    ASSERT_TRUE(connect_kernel_socket(client, 8080)) << "the guard answered: " << errno;
    auto accepted = listener->accept(kSoon);
    ASSERT_TRUE(accepted);
    const auto data = pattern(kBulk, 5);
    std::thread sender([&] { EXPECT_TRUE(send_all(client.get(), data)); });
    EXPECT_TRUE(read_to_end(*accepted) == data);
    sender.join();
    EXPECT_TRUE(accepted->close(kSoon).value_or(false));
    const UniqueFd s = kernel_socket();
    EXPECT_EQ(bind_kernel_socket(s, 8080), EADDRINUSE);
  });
}

TEST(SharedAddress, ConnectsToAServerOfTheKernelsOnTheSameAddress) {
  IN_NAMESPACE_WITH_LOOPBACK({
    Host host = open_host();
    const UniqueFd listening = kernel_socket();
    ASSERT_EQ(bind_kernel_socket(listening, 80), 0);
    ASSERT_EQ(::listen(listening.get(), 5), 0);
    const auto down = pattern(kBulk, 1), up = pattern(kBulk, 2);
    std::thread kernel([&] {
      const UniqueFd s(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::thread sender([&] { EXPECT_TRUE(send_all(s.get(), down)); });
      EXPECT_TRUE(receive_all(s.get()) == up);
      sender.join();
    });
    auto connection = host.connect({kLoopback, 80}, {.timeout = kSoon});
    ASSERT_TRUE(connection) << to_string(connection.error());
    EXPECT_EQ(connection->local().address, kLoopback);
    EXPECT_EQ(bind_kernel_socket(kernel_socket(), connection->local().port), EADDRINUSE) << "not reserved";
    std::thread writer([&] { EXPECT_TRUE(connection->write_all(up, kSoon) && connection->shutdown()); });
    EXPECT_TRUE(read_to_end(*connection) == down);
    writer.join(), kernel.join();
    EXPECT_TRUE(connection->close(kSoon).value_or(false));
    const LinkInfo link = host.link();
    EXPECT_GT(link.rx_partial_checksums, 0u);
    EXPECT_EQ(link.tx_refused, 0u);
    EXPECT_EQ(host.counters()[Counter::TcpInCsumErrors], 0u);
    EXPECT_EQ(host.counters()[Counter::TcpOutRsts], 0u);
  });
}

TEST(SharedAddress, IsConnectedToByTheKernelManyTimes) {
  IN_NAMESPACE_WITH_LOOPBACK({
    constexpr int kRounds = 50;
    Host host = open_host();
    auto listener = host.listen({IpAddress::any_v4(), 7});
    ASSERT_TRUE(listener) << to_string(listener.error());
    std::thread server([&] {
      for (int i = 0; i < kRounds; ++i) {
        auto c = listener->accept(kSoon);
        ASSERT_TRUE(c) << to_string(c.error());
        EXPECT_TRUE(c->write_all(read_to_end(*c), kSoon));
        EXPECT_TRUE(c->close(kSoon).value_or(false));
      }
    });
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      const UniqueFd s = kernel_socket();
      ASSERT_TRUE(connect_kernel_socket(s, 7)) << i << ": " << errno;
      const auto data = pattern(1 + i * 997, i);
      std::thread sender([&] { EXPECT_TRUE(send_all(s.get(), data)); });
      EXPECT_TRUE(receive_all(s.get()) == data);
      sender.join();
    }
    server.join();
  });
}

TEST(SharedAddress, TwoHostsTalkThroughTheKernel) {
  IN_NAMESPACE_WITH_LOOPBACK({
    Host one = open_host();
    Host other = open_host();
    auto listener = one.listen({kLoopback, 7});
    ASSERT_TRUE(listener) << to_string(listener.error());
    auto client = other.connect({kLoopback, 7}, {.timeout = kSoon});
    ASSERT_TRUE(client) << to_string(client.error());
    auto server = listener->accept(kSoon);
    ASSERT_TRUE(server) << to_string(server.error());
    const auto data = pattern(kBulk, 3);
    std::thread writer([&] { EXPECT_TRUE(client->write_all(data, kSoon) && client->shutdown()); });
    EXPECT_TRUE(read_to_end(*server) == data);
    writer.join();
  });
}

TEST(SharedAddress, APortOfTheKernelsIsRefusedAndAPortOfOursIsTheKernelsAgainAfterwards) {
  IN_NAMESPACE_WITH_LOOPBACK({
    Host host = open_host();
    {
      const UniqueFd kernels = kernel_socket();
      ASSERT_EQ(bind_kernel_socket(kernels, 80), 0);
      EXPECT_EQ(host.listen({kLoopback, 80}).error(), Error::address_in_use);
      EXPECT_EQ(host.listen({IpAddress::any_v4(), 80}).error(), Error::address_in_use);
      EXPECT_EQ(host.connect({kLoopback, 81}, {.timeout = kSoon, .local_port = 80}).error(), Error::address_in_use);
    }
    EXPECT_EQ(host.listen({IpAddress::v4(192, 0, 2, 1), 80}).error(), Error::address_not_available);
    {
      auto listener = host.listen({kLoopback, 80});
      ASSERT_TRUE(listener) << to_string(listener.error());
      EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80), EADDRINUSE);
      EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80, IpAddress::v4(127, 0, 0, 2)), 0) << "only on one address";
      EXPECT_EQ(host.listen({kLoopback, 80}).error(), Error::address_in_use);
      EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80), EADDRINUSE) << "a refused listener took the guard away";
    }
    (void)host.counters();  // the listener closes in the background before this call returns
    (void)host.counters();
    EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80), 0);
  });
}

TEST(SharedAddress, AConnectionKeepsItsPortUntilItIsOver) {
  IN_NAMESPACE_WITH_LOOPBACK({
    Host host = open_host();
    auto listener = host.listen({kLoopback, 80});
    ASSERT_TRUE(listener) << to_string(listener.error());
    const UniqueFd s = kernel_socket();
    ASSERT_TRUE(connect_kernel_socket(s, 80));
    auto accepted = listener->accept(kSoon);
    ASSERT_TRUE(accepted);
    { const auto gone = std::move(listener); }
    (void)host.counters();
    EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80), EADDRINUSE) << "the accepted connection lives on";
    accepted->abort();
    (void)host.counters();
    EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80), 0);
    char byte = 0;
    EXPECT_EQ(::recv(s.get(), &byte, 1, 0), -1);
    EXPECT_EQ(errno, ECONNRESET);
  });
}

TEST(SharedAddress, NobodyThereIsARefusalAndTheKernelsOwnPortsAreLeftAlone) {
  IN_NAMESPACE_WITH_LOOPBACK({
    Host host = open_host();
    EXPECT_EQ(host.connect({kLoopback, 9}, {.timeout = kSoon}).error(), Error::refused);
    // The kernel uses a connection of its own in the meantime.
    const UniqueFd listening = kernel_socket();
    ASSERT_EQ(bind_kernel_socket(listening, 80), 0);
    ASSERT_EQ(::listen(listening.get(), 5), 0);
    const UniqueFd client = kernel_socket();
    ASSERT_TRUE(connect_kernel_socket(client, 80));
    const UniqueFd server(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const auto data = pattern(kBulk, 4);
    std::thread sender([&] { EXPECT_TRUE(send_all(client.get(), data)); });
    EXPECT_TRUE(receive_all(server.get()) == data);
    sender.join();
    EXPECT_LT(host.link().rx_packets, 5u) << "looked at what is not ours";
    EXPECT_EQ(host.counters()[Counter::TcpOutRsts], 0u);
  });
}

TEST(SharedAddress, AnAddressThatIsChosenIsTheOnlyOne) {
  IN_NAMESPACE_WITH_LOOPBACK({
    shell("ip addr add 10.5.0.1/24 dev lo && ip addr add 10.5.0.2/24 dev lo");
    const IpAddress chosen = IpAddress::v4(10, 5, 0, 2);
    Host host = open_host({{chosen, 24}});
    auto listener = host.listen({IpAddress::any_v4(), 80});
    ASSERT_TRUE(listener) << to_string(listener.error());
    EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80, chosen), EADDRINUSE);
    EXPECT_EQ(bind_kernel_socket(kernel_socket(), 80, IpAddress::v4(10, 5, 0, 1)), 0);
    const UniqueFd server = kernel_socket();
    ASSERT_EQ(bind_kernel_socket(server, 81, IpAddress::v4(10, 5, 0, 1)), 0);
    ASSERT_EQ(::listen(server.get(), 5), 0);
    auto connection = host.connect({IpAddress::v4(10, 5, 0, 1), 81}, {.timeout = kSoon});
    ASSERT_TRUE(connection) << to_string(connection.error());
    EXPECT_EQ(connection->local().address, chosen);
  });
}

TEST(SharedAddress, AnAddressThatCameLaterCountsToo) {
  IN_NAMESPACE_WITH_LOOPBACK({
    Host host = open_host();
    shell("ip addr add 10.5.0.1/24 dev lo");
    const IpAddress added = IpAddress::v4(10, 5, 0, 1);
    auto listener = host.listen({added, 80});
    ASSERT_TRUE(listener) << to_string(listener.error());
    auto client = host.connect({added, 80}, {.timeout = kSoon});
    ASSERT_TRUE(client) << to_string(client.error());
    EXPECT_EQ(client->local().address, added);
    EXPECT_TRUE(listener->accept(kSoon));
  });
}

void expect_refusal(const HostConfig& config, const char* words) {
  const auto host = Host::open(config);
  ASSERT_FALSE(host) << words;
  EXPECT_THAT(host.error().message, HasSubstr(words));
}

TEST(SharedAddress, WhatCannotBeSharedIsRefusedWithAHint) {
  const auto reason = in_namespace([] {
    HostConfig raw;
    raw.link = "raw";
    expect_refusal(raw, "has no IPv4 address that is up");
    shell("ip link set lo up && ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
    raw.addresses = {{IpAddress::v4(10, 5, 0, 9), 24}};
    expect_refusal(raw, "10.5.0.9 is not an address of this machine");
    raw.addresses.clear();
    raw.gateway = IpAddress::v4(10, 5, 0, 254);
    expect_refusal(raw, "leave the gateway out");
    raw.gateway.reset();
    raw.mac = MacAddress{{2, 0, 0, 0, 0, 1}};
    expect_refusal(raw, "leave the MAC out");
    raw.mac.reset();
    raw.link = "raw:none";
    expect_refusal(raw, "ip link");

    HostConfig packet;
    packet.link = "packet:v0";
    expect_refusal(packet, "has no IPv4 address to share");
    shell("ip addr add 10.5.0.1/24 dev v0 && ip addr add 10.6.0.1/24 dev v1");
    packet.addresses = {{IpAddress::v4(10, 6, 0, 1), 24}};
    expect_refusal(packet, "is the kernel's on v1");
    packet.addresses = {{IpAddress::v4(10, 5, 0, 1), 24}, {IpAddress::v4(10, 5, 0, 2), 24}};
    expect_refusal(packet, "some are not");
  });
  if (reason) GTEST_SKIP() << *reason;
}

}  // namespace
}  // namespace leat
