#include "micro/long_window.h"

namespace leat::bench {
namespace {

constexpr Duration kRoundTrip = std::chrono::milliseconds(20);
constexpr std::uint8_t kScale = 14;
constexpr std::uint16_t kWindow = (std::uint32_t{64} << 20) >> kScale;

TcpSettings options() {
  TcpSettings made;
  made.send_buffer = std::size_t{40} << 20;
  made.congestion_control = "reno";  // slow start up to the wanted window, independent of round trips
  return made;
}

ConnectionConfig config() {
  ConnectionConfig made;
  made.max_burst = 64 * 1024;
  return made;
}

SegmentIn segment(std::uint32_t ack) {
  SegmentIn in;
  in.seq = SeqNum(1);
  in.ack = SeqNum(ack);
  in.flags = kTcpAck;
  in.window = kWindow;
  return in;
}

}  // namespace

LongWindow::LongWindow() : connection_(config(), TcpSettingsRef(options()), flights_) {
  open();
  fill_the_window();
}

void LongWindow::open() {
  connection_.open_active(now_);
  transmit();
  const TcpOptionSet ours = out_.options;
  step(kRoundTrip);
  SegmentIn syn_ack = segment(1);
  syn_ack.seq = SeqNum(0);
  syn_ack.flags = kTcpSyn | kTcpAck;
  syn_ack.options.mss = static_cast<std::uint16_t>(kMss + 12);
  syn_ack.options.sack_permitted = true;
  syn_ack.options.window_scale = kScale;
  syn_ack.options.timestamps = {1, ours.timestamps->value};
  connection_.on_segment(syn_ack, pool_, now_);
  transmit();
}

// Slow start, until the wanted amount is in flight.
void LongWindow::fill_the_window() {
  const std::uint32_t whole = kSegments * kMss;
  while (connection_.report().queued().unacked - connection_.report().queued().unsent < whole) {
    write_all();
    transmit();
    const QueuedBytes queued = connection_.report().queued();
    const std::uint32_t under_way = static_cast<std::uint32_t>(queued.unacked - queued.unsent);
    if (under_way >= whole) break;
    step(kRoundTrip);
    base_ += under_way;
    acknowledge(0, {});
  }
  step(kRoundTrip);
}

void LongWindow::write_all() {
  static const std::vector<std::uint8_t> bytes(64 * kMss);
  const auto room = [this] { return connection_.report().queued().unacked < (kSegments + 100) * kMss; };
  while (room() && connection_.write(bytes, pool_)) {
  }
}

void LongWindow::acknowledge(std::uint32_t ack, const std::vector<Block>& blocks) {
  step(std::chrono::microseconds(1));
  SegmentIn in = segment(base_ + ack * kMss);
  in.options.timestamps = {2, timestamp_value(0, now_ - kRoundTrip)};
  for (const Block& block : blocks) {
    in.options.sack[in.options.sack_count++] = {SeqNum(base_ + block.begin * kMss), SeqNum(base_ + block.end * kMss)};
  }
  connection_.on_segment(in, pool_, now_);
  transmit();
}

void LongWindow::make_holes() {
  std::vector<Block> blocks;
  for (std::uint32_t i = 0; i < kSegments / 2; ++i) {
    if (i % kSpacing == 0 && i / kSpacing < kHoles) {
      blocks.insert(blocks.begin(), {i + 1, i + 1});
      if (blocks.size() > 3) blocks.pop_back();
      continue;
    }
    blocks.front().end = i + 1;
    acknowledge(0, blocks);
  }
}

void LongWindow::transmit() {
  while (connection_.poll_transmit(out_, now_)) {
    for (Slice& slice : out_.payload) slice = {};
    out_.slices = 0;
  }
}

}  // namespace leat::bench
