// Hosts on tap, tun and packet links with offloads against the kernel's TCP: bulk data in both directions, and the end
// of the link.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <optional>
#include <thread>

#include "api/testing/host_pair.h"
#include "device/testing/in_namespace.h"
#include "device/testing/veth.h"
#include "device/unique_fd.h"

namespace leat {
namespace {

using testing::in_namespace;
using testing::kSoon;
using testing::pattern;
using testing::read_to_end;
using testing::shell;
using testing::skip_here;

constexpr IpAddress kKernel = IpAddress::v4(10, 9, 0, 1), kOurs = IpAddress::v4(10, 9, 0, 2);
constexpr std::size_t kTransferSize = std::size_t{20} << 20;

sockaddr_in endpoint(const IpAddress& address, std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(address.v4_value());
  return a;
}

bool send_to_kernel(int fd, const std::vector<std::uint8_t>& data) {
  std::size_t sent = 0;
  while (sent < data.size()) {
    const ssize_t n = ::send(fd, data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

std::vector<std::uint8_t> receive_from_kernel(int fd) {
  std::vector<std::uint8_t> all, buffer(1 << 18);
  while (true) {
    const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
    EXPECT_GE(n, 0) << errno;
    if (n <= 0) return all;
    all.insert(all.end(), buffer.begin(), buffer.begin() + n);
  }
}

/// The kernel's end of one connection: reads all data while it sends `data`.
std::vector<std::uint8_t> exchange(int fd, const std::vector<std::uint8_t>& data) {
  std::thread sender([&] {
    EXPECT_TRUE(send_to_kernel(fd, data));
    ::shutdown(fd, SHUT_WR);
  });
  auto got = receive_from_kernel(fd);
  sender.join();
  return got;
}

class KernelHost : public ::testing::TestWithParam<const char*> {
 protected:
  static std::optional<Host> open() {
    const std::string kind = GetParam();
    std::string name = "d0";
    if (kind == "packet") {
      testing::make_veth("v0", "d0");
      name = "v0";
    }
    HostConfig config;
    config.link = kind + ":" + name;
    config.addresses = {{kOurs, 24}};
    auto host = Host::open(config);
    if (!host) {
      if (host.error().code == Error::not_permitted) skip_here(host.error().message);
      else ADD_FAILURE() << host.error().message;
      return std::nullopt;
    }
    shell("ip addr add 10.9.0.1/24 dev d0");
    return std::optional<Host>(std::move(*host));
  }
};

TEST_P(KernelHost, ConnectsAndMovesBulkBothWaysAtOnce) {
  const auto reason = in_namespace([&] {
    auto host = open();
    if (!host) return;
    const UniqueFd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in at = endpoint(kKernel, 80);
    ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(::listen(listening.get(), 5), 0);
    const auto down = pattern(kTransferSize, 1), up = pattern(kTransferSize, 2);
    std::thread kernel([&] {
      const UniqueFd s(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
      EXPECT_TRUE(exchange(s.get(), down) == up);
    });
    auto connection = host->connect({kKernel, 80}, {.timeout = kSoon});
    ASSERT_TRUE(connection) << to_string(connection.error());
    std::thread writer([&] { EXPECT_TRUE(connection->write_all(up, kSoon) && connection->shutdown()); });
    EXPECT_TRUE(read_to_end(*connection) == down);
    writer.join(), kernel.join();
    EXPECT_TRUE(connection->close(kSoon).value_or(false));
    const Counters counters = host->counters();
    EXPECT_EQ(counters[Counter::TcpInCsumErrors], 0u);
    EXPECT_EQ(counters[Counter::TcpInErrs], 0u);
    EXPECT_EQ(host->link().tx_refused, 0u);
    EXPECT_LT(host->link().rx_packets, kTransferSize / 1500) << "super-segments";
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelHost, IsConnectedToByTheKernelManyTimes) {
  const auto reason = in_namespace([&] {
    auto host = open();
    if (!host) return;
    constexpr int kRounds = 50;
    auto listener = host->listen({kOurs, 7});
    ASSERT_TRUE(listener);
    std::thread server([&] {
      for (int i = 0; i < kRounds; ++i) {
        auto c = listener->accept(kSoon);
        ASSERT_TRUE(c) << to_string(c.error());
        EXPECT_TRUE(c->write_all(read_to_end(*c), kSoon));
        EXPECT_TRUE(c->close(kSoon).value_or(false));
      }
    });
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      const UniqueFd s(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in at = endpoint(kOurs, 7);
      ASSERT_EQ(::connect(s.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0) << i;
      const auto data = pattern(1 + i * 997, i);
      EXPECT_TRUE(exchange(s.get(), data) == data);
    }
    server.join();
  });
  if (reason) GTEST_SKIP() << *reason;
}

TEST_P(KernelHost, ARemovedInterfaceEndsWhatWaits) {
  const auto reason = in_namespace([&] {
    auto host = open();
    if (!host) return;
    auto listener = host->listen({kOurs, 7});
    ASSERT_TRUE(listener);
    EXPECT_FALSE(host->failure());
    std::thread acceptor([&] {
      const auto c = listener->accept();
      ASSERT_FALSE(c);
      EXPECT_EQ(c.error(), Error::no_device);
    });
    shell("ip link del d0");
    acceptor.join();
    EXPECT_EQ(host->failure(), Error::no_device);
    EXPECT_EQ(host->connect({kKernel, 80}, {.timeout = kSoon}).error(), Error::no_device);
  });
  if (reason) GTEST_SKIP() << *reason;
}

INSTANTIATE_TEST_SUITE_P(Kinds, KernelHost, ::testing::Values("tap", "tun", "packet"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace leat
