// Two hosts of this process on one memory link, and what tests of them need again and again.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "leat/event_loop.h"
#include "leat/host.h"

namespace leat::testing {

inline constexpr Duration kSoon = std::chrono::seconds(20);  // far more than anything here takes

/// "client" at 10.0.0.1 and "server" at 10.0.0.2, joined; no other test knows the link's name.
class HostPair : public ::testing::Test {
 protected:
  HostPair();
  Host& client() { return *client_; }
  Host& server() { return *server_; }
  static HostConfig config(const std::string& link, std::uint8_t last_byte);
  std::string link_name() const;
  static IpAddress server_address() { return IpAddress::v4(10, 0, 0, 2); }

  /// A connection made through a listener of its own; `far_end` is the server's side.
  struct Joined {
    Connection near_end, far_end;
  };
  Joined join();

  std::optional<Host> client_, server_;
};

std::vector<std::uint8_t> pattern(std::size_t size, std::uint32_t seed = 1);
/// Reads until end of stream; fails the test on an error.
std::vector<std::uint8_t> read_to_end(Connection& connection);
/// Reads exactly `size` bytes.
std::vector<std::uint8_t> read_exactly(Connection& connection, std::size_t size);

}  // namespace leat::testing
