// Many connections of the kernel's TCP from one process: all open at once, or short ones one after another. The
// functions are for Lab::run_inside. They return 0, or 1 with the reason on standard error. crowd_test.cc calls them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace leat::interop {

struct Crowd {
  std::string address;
  std::uint16_t port = 0;
  std::size_t connections = 0;
};

/// Opens all connections to an echo server, a few hundred at a time. Each sends its own message and receives it back.
/// Then it writes "open" and waits for SIGUSR1. Then each sends another message and ends, every second one by a
/// half-close before the last bytes have come back.
int echo_at_once(const Crowd& crowd);

/// Opens the connections one after another, fifty at a time, from few local ports, so that each port is used often.
/// Each sends a request, reads to the end, compares with `expected`, and closes.
int fetch_in_turn(const Crowd& crowd, const std::string& expected);

}  // namespace leat::interop
