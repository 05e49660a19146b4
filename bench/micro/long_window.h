// LongWindow: a TcpConnection with 16 MB in flight to a peer whose received data has 1,000 holes. For bench/micro.
#pragma once

#include <cstdint>
#include <vector>

#include "packet/buffer.h"
#include "tcp/connection.h"

namespace leat::bench {

class LongWindow {
 public:
  static constexpr std::uint32_t kMss = 1448;
  static constexpr std::uint32_t kSegments = (16u << 20) / kMss;
  static constexpr std::uint32_t kHoles = 1000;
  /// Each kSpacing-th segment in the first half of the window is lost.
  static constexpr std::uint32_t kSpacing = kSegments / 2 / kHoles;

  LongWindow();

  /// Processes an ACK of all segments before `ack`, with the SACK blocks [begin, end), and sends the segments that it
  /// permits.
  struct Block {
    std::uint32_t begin = 0, end = 0;
  };
  void acknowledge(std::uint32_t ack, const std::vector<Block>& blocks);
  /// Processes an ACK for each segment of the first half except the holes. The lost segments are retransmitted.
  void make_holes();
  static std::uint32_t hole(std::uint32_t i) { return i * kSpacing; }
  TcpInfo info() const { return connection_.info(); }

 private:
  void step(Duration duration) { now_ += duration; }
  void transmit();
  void open();
  void fill_the_window();
  void write_all();

  BufferPool pool_{std::size_t{64} << 20};
  FlightPool flights_;
  TcpConnection connection_;
  Instant now_{std::chrono::seconds(1)};
  std::uint32_t base_ = 1;  ///< sequence number of segment 0
  SegmentOut out_;
};

}  // namespace leat::bench
