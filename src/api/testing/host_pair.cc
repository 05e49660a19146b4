#include "api/testing/host_pair.h"

#include <atomic>

namespace leat::testing {

HostConfig HostPair::config(const std::string& link, std::uint8_t last_byte) {
  HostConfig c;
  c.link = link;
  c.addresses = {{IpAddress::v4(10, 0, 0, last_byte), 24}};
  return c;
}

std::string HostPair::link_name() const {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  return std::string("memory:") + info->test_suite_name() + "." + info->name();
}

HostPair::HostPair() {
  auto client = Host::open(config(link_name(), 1));
  auto server = Host::open(config(link_name(), 2));
  if (!client || !server) {
    ADD_FAILURE() << (client ? server.error().message : client.error().message);
    std::abort();
  }
  client_.emplace(std::move(*client));
  server_.emplace(std::move(*server));
}

HostPair::Joined HostPair::join() {
  auto listener = server().listen({server_address(), 0});
  EXPECT_TRUE(listener);
  auto near_end = client().connect(listener->local(), {.timeout = kSoon});
  auto far_end = listener->accept(kSoon);
  if (!near_end || !far_end) {
    ADD_FAILURE() << "no connection: " << to_string(near_end ? far_end.error() : near_end.error());
    std::abort();
  }
  return {std::move(*near_end), std::move(*far_end)};
}

std::vector<std::uint8_t> pattern(std::size_t size, std::uint32_t seed) {
  std::vector<std::uint8_t> v(size);
  std::uint32_t x = seed * 2654435761u + 1;
  for (std::uint8_t& b : v) {
    x = x * 1664525 + 1013904223;
    b = static_cast<std::uint8_t>(x >> 24);
  }
  return v;
}

std::vector<std::uint8_t> read_to_end(Connection& connection) {
  std::vector<std::uint8_t> all, buffer(65536);
  for (;;) {
    const auto n = connection.read(buffer, kSoon);
    EXPECT_TRUE(n) << to_string(n ? Error::none : n.error()) << " after " << all.size() << " bytes";
    if (!n || *n == 0) return all;
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
  }
}

std::vector<std::uint8_t> read_exactly(Connection& connection, std::size_t size) {
  std::vector<std::uint8_t> all(size);
  std::size_t have = 0;
  while (have < size) {
    const auto n = connection.read(std::span(all).subspan(have), kSoon);
    EXPECT_TRUE(n && *n > 0) << to_string(n ? Error::none : n.error()) << " after " << have << " bytes";
    if (!n || *n == 0) break;
    have += *n;
  }
  all.resize(have);
  return all;
}

}  // namespace leat::testing
