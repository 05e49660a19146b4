// bench/micro: the time of a data segment at its receiver: for segments in order, which are read at once, and for
// segments in random order with as many gaps as possible.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/random.h"
#include "tcp/connection.h"

namespace leat::bench {
namespace {

constexpr std::uint32_t kMss = 1448;

class Receiving {
 public:
  Receiving() : connection_(config(), TcpSettingsRef(options()), flights_) {
    Handshake handshake;
    handshake.irs = SeqNum(0);
    handshake.iss = SeqNum(0);
    handshake.mss = 1460;
    handshake.window_scale = 7;
    handshake.sack_permitted = true;
    handshake.timestamp = 1;
    handshake.window = 65535;
    handshake.opened_at = handshake.timed_at = now_;
    connection_.open_passive(handshake);
    SegmentIn ack = segment(0);
    ack.length = ack.largest_payload = 0;
    connection_.on_segment(ack, pool_, now_);
    drain();
    open_window();
  }

  /// Delivers the segment `ahead` positions after the next one.
  void arrive(std::uint32_t ahead) {
    Slice frame = pool_.allocate(BufferClass::frame, 66, kMss);
    SegmentIn in = segment(next_ + ahead);
    in.payload = {&frame, 1};
    now_ += std::chrono::microseconds(1);
    connection_.on_segment(in, pool_, now_);
    drain();
  }
  /// Reads `count` segments, all of which have arrived.
  bool read(std::uint32_t count) {
    next_ += count;
    std::size_t all = 0;
    while (const auto n = connection_.read(room_)) all += *n;
    drain();
    return all == std::size_t{count} * kMss;
  }

 private:
  static ConnectionConfig config() {
    ConnectionConfig made;
    made.receive_mss = 1460;
    return made;
  }
  static TcpSettings options() {
    TcpSettings made;
    made.receive_buffer = std::size_t{16} << 20;
    return made;
  }
  /// The receive buffer grows with the received data.
  void open_window() {
    for (int i = 0; i < 20'000; ++i) {
      arrive(0);
      read(1);
    }
  }
  SegmentIn segment(std::uint32_t number) const {
    SegmentIn in;
    in.seq = SeqNum(1 + number * kMss);
    in.ack = SeqNum(1);
    in.flags = kTcpAck;
    in.window = 65535 >> 7;
    in.options.timestamps = {2, timestamp_value(0, now_)};
    in.length = in.largest_payload = kMss;
    return in;
  }
  void drain() {
    while (connection_.poll_transmit(out_, now_)) {
    }
  }

  BufferPool pool_{std::size_t{256} << 20};
  FlightPool flights_;
  TcpConnection connection_;
  Instant now_{std::chrono::seconds(1)};
  SegmentOut out_;
  std::uint32_t next_ = 0;
  std::vector<std::uint8_t> room_ = std::vector<std::uint8_t>(65536);
};

void SegmentExpected(benchmark::State& state) {
  Receiving end;
  bool whole = true;
  for (auto _ : state) {
    end.arrive(0);
    whole &= end.read(1);
  }
  if (!whole) state.SkipWithError("not all of it was read");
}

/// Delivers every second segment of a window, then the others, each half in random order. The time is that of all
/// segments.
void SegmentsInNoOrder(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  Receiving end;
  Random random({5, 6});
  bool whole = true;
  for (auto _ : state) {
    for (const std::uint32_t first : {1u, 0u}) {
      std::vector<std::uint32_t> order;
      for (std::uint32_t i = first; i < count; i += 2) order.push_back(i);
      for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
      }
      for (const std::uint32_t ahead : order) end.arrive(ahead);
    }
    whole &= end.read(count);
  }
  if (!whole) state.SkipWithError("not all of it was read");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * count);
}

BENCHMARK(SegmentExpected);
BENCHMARK(SegmentsInNoOrder)->Arg(100)->Arg(2000);

}  // namespace
}  // namespace leat::bench
