// Recovery: which bytes are lost, by NewReno (RFC 6582) and by the retransmission time-out (RFC 6298 §5.4).
//
// Bytes that left the network, because a duplicate ACK says so, are a credit against the bytes in flight;
// that is the window inflation of RFC 5681 §3.2 written as a subtraction. Lost bytes that were not sent
// again yet are one range.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tcp/stream_pos.h"

namespace leat {

class Recovery {
 public:
  static constexpr int kDuplicateThreshold = 3;

  struct Range {
    StreamPos begin = 0, end = 0;
    bool empty() const { return begin >= end; }
  };

  bool in_fast_recovery() const { return fast_recovery_; }
  /// In fast recovery: what is lost now was told by a partial ACK.
  bool after_partial_ack() const { return after_partial_ack_; }
  /// After a time-out, until everything sent before it is acknowledged.
  bool in_loss_state() const { return loss_state_; }
  /// Duplicate ACKs since the last new one.
  int duplicates() const { return duplicates_; }
  /// Lost and not sent again yet.
  Range lost() const { return lost_; }

  /// Bytes in the network, as far as ACKs tell.
  std::int64_t in_flight(StreamPos una, StreamPos nxt) const {
    const std::int64_t lost = lost_.empty() ? 0 : lost_.end - lost_.begin;
    return std::max<std::int64_t>(nxt - una - lost - credit_, 0);
  }

  /// True when this is the third: fast retransmit begins with the segment at `una`.
  bool on_duplicate_ack(StreamPos una, StreamPos nxt, std::uint32_t mss) {
    ++duplicates_;
    const bool begins = !fast_recovery_ && duplicates_ == kDuplicateThreshold && una > recover_;
    // The first two let new data out (RFC 3042), later ones only in recovery; none frees more than is outstanding.
    if (fast_recovery_ || duplicates_ < kDuplicateThreshold || begins) {
      credit_ += std::min<std::int64_t>(mss, in_flight(una, nxt));
    }
    if (!begins) return false;
    fast_recovery_ = true;
    after_partial_ack_ = false;
    recover_ = nxt;
    lose(una, std::min<StreamPos>(una + mss, nxt));
    return true;
  }

  struct AckVerdict {
    bool partial = false;    ///< the next segment is lost too
    bool completed = false;  ///< fast recovery is over
  };
  /// SND.UNA has moved from `before` to `una`.
  AckVerdict on_new_ack(StreamPos before, StreamPos una, StreamPos nxt, std::uint32_t mss) {
    AckVerdict verdict;
    duplicates_ = 0;
    lost_.begin = std::max(lost_.begin, una);
    if (lost_.empty()) lost_ = {};
    if (una >= recover_) loss_state_ = false;
    if (!fast_recovery_) {
      credit_ = 0;
      return verdict;
    }
    if (una >= recover_) {
      fast_recovery_ = false;
      credit_ = 0;
      verdict.completed = true;
      return verdict;
    }
    // RFC 6582 §3.2 step 3: deflate by what was acknowledged, add one segment back.
    credit_ = std::max<std::int64_t>(credit_ - (una - before), 0);
    if (una - before >= mss) credit_ += mss;
    lose(una, std::min<StreamPos>(una + mss, nxt));
    after_partial_ack_ = verdict.partial = true;
    return verdict;
  }

  /// Everything in flight counts as lost.
  void on_timeout(StreamPos una, StreamPos nxt) {
    fast_recovery_ = false;
    loss_state_ = true;
    duplicates_ = 0;
    credit_ = 0;
    recover_ = nxt;
    lose(una, nxt);
  }

  /// [lost.begin, end) was sent again.
  void on_retransmitted(StreamPos end) {
    lost_.begin = end;
    if (lost_.empty()) lost_ = {};
  }

 private:
  void lose(StreamPos begin, StreamPos end) { lost_ = {begin, end}; }

  Range lost_;
  StreamPos recover_ = 0;
  std::int64_t credit_ = 0;
  int duplicates_ = 0;
  bool fast_recovery_ = false;
  bool after_partial_ack_ = false;
  bool loss_state_ = false;
};

}  // namespace leat
