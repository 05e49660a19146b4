#include "tcp/loss/scoreboard.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace leat {
namespace {

// The number of ranges that are examined one by one for the next deadline. Beyond it the longest possible wait is used.
constexpr int kMostWaiting = 32;

Instant later(Instant known, Instant other) { return known == kNever ? other : std::max(known, other); }

}  // namespace

void Scoreboard::start(StreamPos at) {
  ranges_.clear();
  head_ = 0;
  resent_log_.clear();
  begin_ = end_ = highest_sacked_ = lost_from_ = judged_from_ = at;
  order_ = sacked_ = lost_ = resent_ = resent_lost_ = 0;
  losses_ = 0;
}

bool Scoreboard::left_before(const Range& range, StreamPos end, const Delivery::Newest& newest) {
  if (range.sent_at != newest.sent_at) return range.sent_at < newest.sent_at;
  if (range.order != newest.order) return static_cast<std::int32_t>(range.order - newest.order) < 0;
  return end <= newest.end;
}

bool Scoreboard::first_is_sacked() const { return ranges() > 0 && (ranges_[head_].flags & kSacked) != 0; }
bool Scoreboard::first_is_lost() const { return ranges() > 0 && (ranges_[head_].flags & kLost) != 0; }
bool Scoreboard::first_was_resent() const { return ranges() > 0 && (ranges_[head_].flags & kEverResent) != 0; }
Instant Scoreboard::first_sent_at() const { return ranges() > 0 ? ranges_[head_].sent_at : Instant{}; }

std::uint32_t Scoreboard::ever_resent(StreamPos begin, StreamPos end) const {
  begin = std::max(begin, begin_);
  end = std::min(end, end_);
  StreamPos bytes = 0;
  if (begin >= end) return 0;
  for (std::size_t i = find(begin); i < ranges_.size() && ranges_[i].begin < end; ++i) {
    if ((ranges_[i].flags & kEverResent) == 0) continue;
    bytes += std::min(end, end_of(i)) - std::max(begin, ranges_[i].begin);
  }
  return static_cast<std::uint32_t>(bytes);
}

std::size_t Scoreboard::find(StreamPos pos) const {
  const auto after = std::upper_bound(ranges_.begin() + static_cast<std::ptrdiff_t>(head_), ranges_.end(), pos,
                                      [](StreamPos p, const Range& r) { return p < r.begin; });
  return static_cast<std::size_t>(after - ranges_.begin()) - 1;
}

void Scoreboard::set_flags(std::size_t i, std::uint8_t flags) {
  Range& range = ranges_[i];
  const std::uint32_t length = length_of(i);
  const auto count = [length](std::uint8_t value, std::uint8_t mask, std::uint32_t& counter, bool add) {
    if ((value & mask) != mask) return;
    counter = add ? counter + length : counter - length;
  };
  for (const bool add : {false, true}) {
    const std::uint8_t value = add ? flags : range.flags;
    count(value, kSacked, sacked_, add);
    count(value, kLost, lost_, add);
    count(value, kResent, resent_, add);
    count(value, kResent | kLost, resent_lost_, add);
  }
  range.flags = flags;
}

/// False when `pos` is an edge of a range already.
bool Scoreboard::split(std::size_t i, StreamPos pos) {
  if (pos <= ranges_[i].begin || pos >= end_of(i)) return false;
  Range second = ranges_[i];
  second.begin = pos;
  ranges_.insert(ranges_.begin() + static_cast<std::ptrdiff_t>(i) + 1, second);
  return true;
}

/// Makes a range of [from, to), a part of range `i`. True when it is now the one after `i`.
bool Scoreboard::cut_out(std::size_t i, StreamPos from, StreamPos to) {
  if (from == ranges_[i].begin || to == end_of(i)) return split(i, to) ? false : split(i, from);
  std::array<Range, 2> parts{ranges_[i], ranges_[i]};
  parts[0].begin = from;
  parts[1].begin = to;
  ranges_.insert(ranges_.begin() + static_cast<std::ptrdiff_t>(i) + 1, parts.begin(), parts.end());
  return true;
}

bool Scoreboard::is_alike(const Range& a, const Range& b) const {
  if ((a.flags & kSacked) != 0) return ((a.flags ^ b.flags) & ~kEverResent) == 0;
  if (a.flags != b.flags || (a.flags & kEverResent) == 0) return false;
  return a.order == b.order || ranges() > kMostRanges;
}

void Scoreboard::merge_around(std::size_t first, std::size_t last) {
  std::size_t kept = first > head_ ? first - 1 : head_;
  const std::size_t stop = std::min(last + 1, ranges_.size() - 1);
  std::size_t i = kept + 1;
  for (; i <= stop; ++i) {
    Range& a = ranges_[kept];
    const Range& b = ranges_[i];
    if (!is_alike(a, b)) {
      ranges_[++kept] = b;
      continue;
    }
    // They are acknowledged together, so a retransmitted part makes all of it retransmitted (Karn; as Linux).
    a.flags |= b.flags & kEverResent;
    a.sent_at = std::max(a.sent_at, b.sent_at);
    if (static_cast<std::int32_t>(b.order - a.order) > 0) a.order = b.order;
  }
  const auto at = [this](std::size_t index) { return ranges_.begin() + static_cast<std::ptrdiff_t>(index); };
  ranges_.erase(at(kept + 1), at(stop + 1));
}

void Scoreboard::sent(StreamPos end, Instant now) {
  if (end <= end_) return;
  if (ranges() > 0) {
    const std::size_t last = ranges_.size() - 1;
    const bool goes_on = ranges_[last].flags == 0 && ranges_[last].sent_at == now && ranges_[last].order == order_ &&
                         length_of(last) % mss_ == 0;
    // Beyond the bound new data counts as sent with the range before it, if that range is untouched. A round trip may
    // then seem longer than it is, but never shorter.
    if (goes_on || (ranges() >= kMostRanges && ranges_[last].flags == 0)) {
      end_ = end;
      return;
    }
  }
  ranges_.push_back({end_, now, ++order_, 0, LossReason::none});
  end_ = end;
}

void Scoreboard::sent_again(StreamPos begin, StreamPos end, Instant now) {
  begin = std::max(begin, begin_);
  end = std::min(end, end_);
  if (begin >= end) return;
  std::size_t first = find(begin);
  if (split(first, begin)) ++first;
  std::size_t last = first;
  while (end_of(last) < end) ++last;
  split(last, end);
  ++order_;
  for (std::size_t i = first; i <= last; ++i) {
    const std::uint8_t before = ranges_[i].flags;
    if ((before & kSacked) != 0) continue;
    set_flags(i, static_cast<std::uint8_t>((before & kLost) | kResent | kEverResent));
    ranges_[i].sent_at = now;
    ranges_[i].order = order_;
  }
  merge_around(first, last);
  while (!resent_log_.empty() && is_stale(resent_log_.front())) resent_log_.pop_front();
  resent_log_.push_back({begin, end, now, order_});
}

void Scoreboard::deliver(std::size_t i, StreamPos end, bool selectively, Delivery& delivery) const {
  const Range& range = ranges_[i];
  const std::uint32_t length = static_cast<std::uint32_t>(end - range.begin);
  delivery.bytes += length;
  if (selectively) delivery.sacked += length;
  const bool resent = (range.flags & kEverResent) != 0;
  if ((!resent || range.sent_at <= delivery.plausible_until) && !left_before(range, end, delivery.newest)) {
    delivery.newest = {range.sent_at, range.order, end};
  }
  if (resent) {
    delivery.retransmitted |= !selectively;
    return;
  }
  if (end <= delivery.high) delivery.original_below_high = true;
  // The cumulative part of an ACK is compared with the SACKs of earlier ACKs, not with its own blocks: one ACK cannot
  // show reordering within itself (RFC 8985 §6.2 step 3; Linux: prior_fack of tcp_clean_rtx_queue).
  const StreamPos ahead = selectively ? highest_sacked() : delivery.sacked_before;
  if (range.begin < ahead) delivery.reordered_from = std::min(delivery.reordered_from, range.begin);
  if (selectively) {
    delivery.sacked_first = std::min(delivery.sacked_first, range.sent_at);
    delivery.sacked_last = later(delivery.sacked_last, range.sent_at);
  } else {
    delivery.acked_first = std::min(delivery.acked_first, range.sent_at);
    delivery.acked_last = later(delivery.acked_last, range.sent_at);
  }
}

void Scoreboard::acknowledge(StreamPos una, Delivery& delivery) {
  una = std::min(una, end_);
  while (begin_ < una) {
    const StreamPos end = std::min(end_of(head_), una);
    if ((ranges_[head_].flags & kSacked) == 0) {
      deliver(head_, end, false, delivery);
    } else if ((ranges_[head_].flags & kEverResent) != 0) {
      delivery.retransmitted = true;
    }
    if (end < end_of(head_)) {
      shorten_front(end);
    } else {
      drop_front();
    }
  }
}

void Scoreboard::shorten_front(StreamPos begin) {
  const std::uint8_t flags = ranges_[head_].flags;
  set_flags(head_, 0);
  ranges_[head_].begin = begin_ = begin;
  set_flags(head_, flags);
}

void Scoreboard::drop_front() {
  set_flags(head_, 0);
  begin_ = end_of(head_);
  ++head_;
  if (head_ == ranges_.size()) {
    head_ = 0;
    ranges_.clear();
    resent_log_.clear();
  } else if (head_ >= 64 && head_ * 2 >= ranges_.size()) {
    ranges_.erase(ranges_.begin(), ranges_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void Scoreboard::sack(StreamPos begin, StreamPos end, Delivery& delivery) {
  begin = std::max(begin, begin_);
  end = std::min(end, end_);
  if (begin >= end) return;
  std::size_t i = find(begin);
  const std::size_t first = i;
  bool changed = false;
  for (; i < ranges_.size() && ranges_[i].begin < end; ++i) {
    if ((ranges_[i].flags & kSacked) != 0) continue;
    const StreamPos from_begin = std::max<StreamPos>(begin - ranges_[i].begin, 0);
    const StreamPos from = ranges_[i].begin + (from_begin + mss_ - 1) / mss_ * mss_;
    const StreamPos to = end >= end_of(i) ? end_of(i) : ranges_[i].begin + (end - ranges_[i].begin) / mss_ * mss_;
    if (from >= to) continue;
    if ((from > ranges_[i].begin || to < end_of(i)) && ranges() >= kMostToCut) continue;
    if (cut_out(i, from, to)) ++i;
    deliver(i, to, true, delivery);
    // A tail probe that was retransmitted without being judged lost is still in flight (as Linux counts it).
    const std::uint8_t before = ranges_[i].flags;
    const bool probed = (before & (kLost | kResent)) == kResent;
    set_flags(i, static_cast<std::uint8_t>(kSacked | (before & kEverResent) | (probed ? kResent : 0)));
    highest_sacked_ = std::max(highest_sacked(), to);
    changed = true;
  }
  if (changed) merge_around(first, i - 1);
}

void Scoreboard::lose_range(std::size_t i, LossReason reason) {
  Range& range = ranges_[i];
  if ((range.flags & kSacked) != 0 || (range.flags & (kLost | kResent)) == kLost) return;
  range.reason = reason;
  set_flags(i, static_cast<std::uint8_t>((range.flags & kEverResent) | kLost));
  lost_from_ = std::min(lost_from_, range.begin);
  losses_ += length_of(i);
}

void Scoreboard::lose(StreamPos begin, StreamPos end, LossReason reason) {
  begin = std::max(begin, begin_);
  end = std::min(end, end_);
  if (begin >= end) return;
  std::size_t i = find(begin);
  if (split(i, begin)) ++i;
  for (; i < ranges_.size() && ranges_[i].begin < end; ++i) {
    split(i, end);
    lose_range(i, reason);
  }
}

void Scoreboard::lose_all(Instant recent, LossReason reason) {
  for (std::size_t i = head_; i < ranges_.size(); ++i) {
    if (i > head_ && ranges_[i].sent_at > recent) continue;
    lose_range(i, reason);
  }
}

void Scoreboard::forgive_losses() {
  for (std::size_t i = head_; i < ranges_.size(); ++i) {
    set_flags(i, static_cast<std::uint8_t>(ranges_[i].flags & ~kLost));
  }
  judged_from_ = begin_;
}

void Scoreboard::forget_sacks() {
  for (std::size_t i = head_; i < ranges_.size(); ++i) {
    set_flags(i, static_cast<std::uint8_t>(ranges_[i].flags & ~kSacked));
  }
  judged_from_ = begin_;
}

Scoreboard::Lost Scoreboard::next_lost(std::uint32_t limit) {
  const auto waits = [this](std::size_t i) { return (ranges_[i].flags & (kLost | kResent)) == kLost; };
  if (!has_lost()) {
    lost_from_ = end_;
    return {};
  }
  std::size_t i = find(std::max(lost_from_, begin_));
  while (i < ranges_.size() && !waits(i)) ++i;
  LEAT_ASSERT(i < ranges_.size());
  if (i == ranges_.size()) return {};
  Lost lost{ranges_[i].begin, ranges_[i].begin, ranges_[i].reason};
  lost_from_ = lost.begin;
  for (; i < ranges_.size() && waits(i) && lost.end - lost.begin < limit; ++i) lost.end = end_of(i);
  lost.end = std::min<StreamPos>(lost.end, lost.begin + limit);
  return lost;
}

StreamPos Scoreboard::last_segment(StreamPos data_end) const {
  if (ranges() == 0) return end_;
  const StreamPos begin = ranges_.back().begin;
  const StreamPos end = begin < data_end ? std::min(end_, data_end) : end_;
  return begin + (end - begin - 1) / mss_ * mss_;
}

Duration Scoreboard::lose_overtaken(const Delivery::Newest& newest, Duration patience, Instant now) {
  return std::max(lose_originals(newest, patience, now), lose_resent(newest, patience, now));
}

Duration Scoreboard::lose_originals(const Delivery::Newest& newest, Duration patience, Instant now) {
  if (ranges() == 0) return {};
  Duration wait{};
  int waiting = 0;
  // Data sent only once was sent in the order of its positions.
  for (std::size_t i = find(std::max(judged_from_, begin_)); i < ranges_.size(); ++i) {
    const Range& range = ranges_[i];
    const bool settled = (range.flags & (kSacked | kLost | kEverResent)) != 0;
    if (!settled && !left_before(range, end_of(i), newest)) break;
    const Duration left = patience - (now - range.sent_at);
    if (!settled && left > Duration::zero()) {
      wait = std::max(wait, left);
      if (++waiting == kMostWaiting) return patience - (now - newest.sent_at);
      continue;
    }
    if (!settled) lose_range(i, LossReason::later_delivered);
    if (waiting == 0) judged_from_ = end_of(i);
  }
  return wait;
}

bool Scoreboard::is_stale(const Resent& entry) const {
  if (entry.end <= begin_) return true;
  if (ranges() == 0) return true;
  for (std::size_t i = find(std::max(entry.begin, begin_)); i < ranges_.size() && ranges_[i].begin < entry.end; ++i) {
    if ((ranges_[i].flags & (kSacked | kResent)) == kResent && ranges_[i].order == entry.order) return false;
  }
  return true;
}

Duration Scoreboard::lose_resent(const Delivery::Newest& newest, Duration patience, Instant now) {
  Duration wait{};
  int waiting = 0;
  while (!resent_log_.empty() && is_stale(resent_log_.front())) resent_log_.pop_front();
  for (std::size_t k = 0; k < resent_log_.size(); ++k) {
    const Resent& entry = resent_log_[k];
    if (entry.sent_at > newest.sent_at) break;
    if (is_stale(entry)) continue;
    const Duration left = patience - (now - entry.sent_at);
    for (std::size_t i = find(std::max(entry.begin, begin_)); i < ranges_.size() && ranges_[i].begin < entry.end; ++i) {
      const Range& range = ranges_[i];
      if ((range.flags & (kSacked | kResent)) != kResent || range.order != entry.order) continue;
      if (!left_before(range, end_of(i), newest)) continue;
      if (left > Duration::zero()) {
        wait = std::max(wait, left);
      } else {
        lose_range(i, LossReason::retransmission_lost);
      }
    }
    if (left > Duration::zero() && ++waiting == kMostWaiting) return patience - (now - newest.sent_at);
  }
  while (!resent_log_.empty() && is_stale(resent_log_.front())) resent_log_.pop_front();
  return wait;
}

}  // namespace leat
