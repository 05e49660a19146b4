// IperfServer: one iperf3 test of one TCP stream, in either direction, over a MinimalTcp.
#pragma once

#include <chrono>
#include <string>

#include "minimal_tcp.h"

namespace leat::path_limit {

inline constexpr std::uint16_t kIperfPort = 5201;

class IperfServer {
 public:
  IperfServer(Path& path, in_addr_t address, Windows windows)
      : path_(path), tcp_(path, address, kIperfPort, windows), control_(tcp_.flow(0)), stream_(tcp_.flow(1)) {}

  /// Runs until the test is over.
  void run();
  /// Writes the statistics to standard error.
  void report() const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Step { cookie, parameters, stream, running, results, shown, finished };
  /// The states of an iperf3 test, one byte each.
  enum class Word : char {
    test_start = 1,
    test_running = 2,
    parameter_exchange = 9,
    create_streams = 10,
    exchange_results = 13,
    display_results = 14,
  };

  void converse();
  bool take(std::size_t bytes);
  std::string take_text();
  void say(Word word, Step next);
  void tell_results();

  Path& path_;
  MinimalTcp tcp_;
  MinimalTcp::Flow& control_;
  MinimalTcp::Flow& stream_;
  Step step_ = Step::cookie;
  bool reverse_ = false;
  Clock::time_point began_;
  double cpu_ = 0, seconds_ = 1;
};

}  // namespace leat::path_limit
