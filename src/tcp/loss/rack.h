// Rack: loss detection by time (RFC 8985). Data is lost when data that was sent later has arrived, and when it is older
// than a round trip and the reordering that the path has shown.
//
// Rack keeps the newest delivery and the reordering to expect. Scoreboard keeps the ranges.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tcp/loss/scoreboard.h"

namespace leat {

class Rack {
 public:
  static constexpr std::uint32_t kDuplicateThreshold = 3;  ///< Linux: tcp_reordering
  static constexpr std::uint32_t kMostReordering = 300;    ///< segments; Linux: tcp_max_reordering

  /// The knowledge about a path that outlives a flight.
  struct Learned {
    std::uint16_t degree = kDuplicateThreshold;  ///< segments
    std::uint8_t steps = 1, persist = 0;         ///< of the reordering window
    bool seen = false;                           ///< reordering was seen
  };
  const Learned& learned() const { return learned_; }
  void start(const Learned& learned) {
    *this = {};
    learned_ = learned;
  }

  /// Step 2: takes the newest segment that an ACK delivered.
  void on_delivered(const Delivery::Newest& newest, Instant now) {
    if (newest.end < 0) return;
    advanced_ = true;
    rtt_ = now - newest.sent_at;
    const bool later = newest.sent_at != newest_.sent_at ? newest.sent_at > newest_.sent_at
                       : newest.order != newest_.order   ? static_cast<std::int32_t>(newest.order - newest_.order) > 0
                                                         : newest.end > newest_.end;
    if (later) newest_ = newest;
  }

  /// Step 3: data that was never retransmitted arrived after data that lies `distance` bytes further on.
  void on_reordering(std::int64_t distance, std::uint32_t mss) {
    learned_.seen = true;
    if (distance <= std::int64_t{learned_.degree} * mss) return;
    learned_.degree = static_cast<std::uint16_t>(std::min<std::int64_t>((distance + mss - 1) / mss, kMostReordering));
  }
  /// A time-out after many duplicate ACKs: the reordering degree had become too large (as Linux).
  void be_less_patient() { learned_.degree = std::min<std::uint16_t>(learned_.degree, kDuplicateThreshold); }

  /// Step 4: a spurious retransmission was reported. The window grows with it, once a round trip, and for 16
  /// recoveries.
  void on_duplicate_report() { dsack_seen_ = true; }
  void update_window(const Delivery::Newest& newest, Instant now) {
    if (newest.end < 0) return;
    if (newest.sent_at < grown_at_) dsack_seen_ = false;  // the window has grown in this round trip already
    if (dsack_seen_) {
      if (learned_.steps < 255) ++learned_.steps;
      dsack_seen_ = false;
      grown_at_ = now;
      learned_.persist = kPersist;
    } else if (learned_.persist == 0) {
      learned_.steps = 1;
    }
  }
  void on_recovered() {
    if (learned_.persist > 0) --learned_.persist;
  }
  void on_undone() {
    learned_.persist = static_cast<std::uint8_t>(std::min<int>(kPersist, learned_.persist + 1));
    advanced_ = true;
  }
  void look_again() { advanced_ = true; }
  /// True when nothing since `then` can change learned() any more.
  bool has_settled(Instant then) const { return !dsack_seen_ && grown_at_ <= then; }

  /// `sacked`: segments; `recovering`: in fast recovery, or after a time-out.
  Duration reordering_window(std::uint32_t sacked, bool recovering, Duration min_rtt, Duration srtt) const {
    if (!learned_.seen && (recovering || sacked >= learned_.degree)) return {};
    return std::min(min_rtt / 4 * learned_.steps, srtt);
  }

  /// Step 5. Returns how long to wait for the rest of the verdict; zero: nothing to wait for.
  Duration detect(Scoreboard& board, Duration window, Instant now) {
    if (!std::exchange(advanced_, false)) return {};
    return judge(board, window, now);
  }
  /// As detect(), because the wait is over.
  Duration judge(Scoreboard& board, Duration window, Instant now) const {
    return board.lose_overtaken(newest_, rtt_ + window, now);
  }

  Duration rtt() const { return rtt_; }
  bool reordering_seen() const { return learned_.seen; }
  std::uint32_t reordering() const { return learned_.degree; }

 private:
  static constexpr std::uint8_t kPersist = 16;

  Delivery::Newest newest_;
  Duration rtt_{};
  Instant grown_at_{};
  Learned learned_;
  bool advanced_ = false;
  bool dsack_seen_ = false;
};

}  // namespace leat
