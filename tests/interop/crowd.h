// Many connections of the kernel's TCP from one process: all open at once, or short ones one after another. For
// Lab::run_inside. Each ends with 0, or with 1 and its reason on standard error. Called by crowd_test.cc.
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

/// Opens all to an echo, a few hundred at a time. Each sends a message of its own and gets it back; then says "open"
/// and waits for SIGUSR1; then each sends another, and they end, every other one by a half-close before the last bytes
/// have come back.
int echo_at_once(const Crowd& crowd);

/// Opens them one after another, fifty at a time, with so few ports of ours that each is used again and again; sends a
/// request, reads to the server's end, which must be `expected`, and closes.
int fetch_in_turn(const Crowd& crowd, const std::string& expected);

}  // namespace leat::interop
