#include "tcp/recv/receive_tuning.h"

#include <algorithm>
#include <utility>

namespace leat {

namespace {
constexpr std::uint32_t kSpare = 16;               ///< segments beside what is counted (Linux)
constexpr StreamPos kMostThatCounts = 0x3fffffff;  ///< more than any buffer has, and squared still a number
}  // namespace

ReceiveTuning::ReceiveTuning(const Arrival& first)
    : window_since_(first.now),
      window_end_(first.nxt + first.window),
      since_(first.now),
      read_then_(first.read),
      taken_(kFirstFlight * first.mss) {}

// With timestamps each answer measures, smoothed as RFC 6298 does. Without them a window's worth of data takes a round
// trip at least, and longer from whoever does not fill it: the shortest counts.
void ReceiveTuning::measure_round_trip(const Arrival& arrival) {
  if (arrival.echo) {
    const auto [value, sample] = *arrival.echo;
    if (std::exchange(last_echo_, value) == value) return;  // the first answer to it came sooner
    round_trip_ = round_trip_ == Duration::zero() ? sample : (round_trip_ * 7 + sample) / 8;
    return;
  }
  if (arrival.nxt < window_end_) return;
  const Duration sample = arrival.now - window_since_;
  round_trip_ = round_trip_ == Duration::zero() ? sample : std::min(round_trip_, sample);
  window_since_ = arrival.now;
  window_end_ = arrival.nxt + arrival.window;
}

std::optional<std::uint64_t> ReceiveTuning::on_data(const Arrival& arrival) {
  measure_round_trip(arrival);
  if (round_trip_ == Duration::zero() || arrival.now - since_ < round_trip_) return std::nullopt;
  const StreamPos unread = arrival.nxt - arrival.read;
  const StreamPos taken = std::min(arrival.read - read_then_ - unread, kMostThatCounts);
  since_ = arrival.now;
  read_then_ = arrival.read;
  if (taken <= StreamPos{taken_}) return std::nullopt;
  // What is announced now is used a round trip later: by a peer in slow start, as much faster again as it has become.
  const auto now = static_cast<std::uint64_t>(taken);
  const std::uint64_t room = 2 * now + std::uint64_t{kSpare} * arrival.mss;
  const std::uint64_t growth = room * (now - taken_) / taken_;
  taken_ = static_cast<std::uint32_t>(now);
  return room + 2 * growth;
}

}  // namespace leat
