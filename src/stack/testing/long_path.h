// LongPath: two Stacks and a path of a rate and a delay between them, in virtual time: what a download comes to. It
// loses nothing and its queue has no end. Super-segments travel whole, and buffers are handed over: it is cheap.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "stack/queue_host.h"
#include "stack/stack.h"

namespace leat::testing {

struct LongPathConfig {
  Duration round_trip{};
  std::uint64_t bits_per_second = 1'000'000'000;
  TcpSettings sender{};
  TcpSettings receiver{};
};

class LongPath {
 public:
  explicit LongPath(const LongPathConfig& config);
  ~LongPath();

  /// The sender writes what it can, the receiver reads what there is, for so long.
  void run(Duration d);
  std::uint64_t bytes_read() const { return read_; }
  /// Bits of data a second that are read during `d`.
  double rate_during(Duration d);
  TcpInfo receiver_info() const { return *hosts_[1]->stack().info(ends_[1]); }

 private:
  struct Flying {
    Instant at;
    int to;
    Packet packet;
  };
  void pump();
  void use();
  Instant next_time() const;

  LongPathConfig config_;
  BufferPool pool_;
  std::unique_ptr<QueueHost> hosts_[2];
  SocketHandle ends_[2];
  SocketHandle listener_;
  std::deque<Flying> wire_[2];
  Instant free_at_[2]{};
  Instant now_{std::chrono::hours(1)};
  std::uint64_t read_ = 0;
  std::vector<std::uint8_t> data_ = std::vector<std::uint8_t>(std::size_t{1} << 20), sink_ = data_;
};

}  // namespace leat::testing
