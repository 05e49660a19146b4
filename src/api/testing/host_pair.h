// Two hosts of this process on one memory link, and helpers for tests of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "leat/event_loop.h"
#include "leat/host.h"

namespace leat::testing {

inline constexpr Duration kSoon = std::chrono::seconds(20);  // far more than any step takes

/// Two joined hosts, "client" at 10.0.0.1 and "server" at 10.0.0.2. The name of their link is unique.
class HostPair : public ::testing::Test {
 protected:
  HostPair();
  Host& client() { return *client_; }
  Host& server() { return *server_; }
  static HostConfig config(const std::string& link, std::uint8_t last_byte);
  std::string link_name() const;
  static IpAddress server_address() { return IpAddress::v4(10, 0, 0, 2); }

  /// A connection, made with a new listener. `far_end` is the side of the server.
  struct Joined {
    Connection near_end, far_end;
  };
  Joined join();

  std::optional<Host> client_, server_;
};

std::vector<std::uint8_t> pattern(std::size_t size, std::uint32_t seed = 1);
/// Reads to the end of the stream. An error fails the test.
std::vector<std::uint8_t> read_to_end(Connection& connection);
/// Reads exactly `size` bytes.
std::vector<std::uint8_t> read_exactly(Connection& connection, std::size_t size);

}  // namespace leat::testing
