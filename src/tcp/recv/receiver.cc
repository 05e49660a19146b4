#include "tcp/recv/receiver.h"

#include <algorithm>

namespace leat {

namespace {
constexpr std::size_t kLargestLimit = 0x7fffffff;
}

Receiver::Receiver(std::size_t limit, std::uint32_t mss)
    : limit_(static_cast<std::uint32_t>(std::min(limit, kLargestLimit))), mss_(mss) {
  begin(limit_);
}

void Receiver::begin(std::uint32_t first_window) {
  threshold_ = first_window;
  window_end_ = 1 + std::min<StreamPos>(first_window, 65535);
}

void Receiver::set_limit(std::size_t bytes) { limit_ = static_cast<std::uint32_t>(std::min(bytes, kLargestLimit)); }

void Receiver::grow(std::size_t most, const std::optional<ReceiveTuning::Echo>& echo, Instant now) {
  ReceiveTuning::Arrival arrival{.nxt = nxt_, .read = read_pos(), .mss = mss_, .echo = echo, .now = now};
  arrival.window = static_cast<std::uint32_t>(window_end_ - nxt_);
  if (!tuning_) {
    if (nxt_ > StreamPos{ReceiveTuning::kFirstFlight} * mss_) tuning_ = std::make_unique<ReceiveTuning>(arrival);
    return;
  }
  const std::optional<std::uint64_t> wanted = tuning_->on_data(arrival);
  if (wanted) set_limit(std::max<std::size_t>(limit_, std::min<std::size_t>(*wanted, most)));
}

void Receiver::save_memory() { threshold_ = std::min(threshold_, 4 * mss_); }

// What is offered follows what comes: twice as much of it, so that a peer in slow start is never held back, and who
// sends little never makes us promise much (Linux: tcp_grow_window).
void Receiver::raise_threshold(std::size_t segment) {
  constexpr std::size_t kTiny = 128;
  if (segment < kTiny) return;
  const std::size_t wanted = threshold_ + 2 * std::max<std::size_t>(segment, mss_);
  threshold_ = std::max(threshold_, static_cast<std::uint32_t>(std::min({wanted, room(), kLargestLimit})));
}

std::uint8_t Receiver::scale_for(std::size_t limit) {
  std::uint8_t shift = 0;
  while (shift < 14 && (std::size_t{65535} << shift) < limit) ++shift;
  return shift;
}

bool Receiver::is_acceptable(StreamPos pos, std::uint32_t length) const {
  const StreamPos end = pos + length;
  // DEVIATION: the RFC refuses an empty segment at the right edge of an open window. A peer that has filled the window
  // acknowledges from exactly there, and what it lost may be the first of it: like Linux, hear it.
  if (length == 0) return nxt_ <= pos && pos <= window_end_;
  if (window_end_ == nxt_) return false;
  return (nxt_ <= pos && pos < window_end_) || (nxt_ < end && end <= window_end_) || (pos < nxt_ && window_end_ < end);
}

Receiver::Accepted Receiver::accept(StreamPos pos, std::span<Slice> payload, BufferPool& pool) {
  Accepted total;
  bool anything_new = false;
  std::size_t length = 0;
  for (Slice& slice : payload) {
    const StreamPos end = pos + static_cast<StreamPos>(slice.size());
    length += slice.size();
    const StreamPos from = std::max(pos, nxt_);
    const StreamPos to = std::min(end, window_end_);
    add_duplicate(pos, end);
    if (from < to) {
      slice.truncate(static_cast<std::size_t>(to - pos));
      slice.remove_front(static_cast<std::size_t>(from - pos));
      const Accepted one = accept_slice(from, std::move(slice), pool);
      total.in_order += one.in_order;
      total.out_of_order |= one.out_of_order;
      total.refused |= one.refused;
      total.refused_ahead |= one.refused_ahead;
      total.pruned |= one.pruned;
      total.filled_gap |= one.filled_gap;
      anything_new |= one.in_order > 0 || (one.out_of_order && !one.duplicate);
    }
    pos = end;
  }
  total.duplicate = !anything_new && !total.refused;
  if (anything_new && !pool.is_short()) raise_threshold(length);
  if (!reassembly_) return total;
  if (total.in_order > 0) reassembly_->forget_blocks_before(nxt_);
  total.out_of_order |= !reassembly_->empty();
  if (!reports_duplicates_) static_cast<void>(reassembly_->take_duplicate());
  if (reassembly_->is_spent()) reassembly_.reset();
  return total;
}

void Receiver::add_duplicate(StreamPos pos, StreamPos end) {
  if (!reports_duplicates_ || pos >= nxt_) return;
  if (!reassembly_) reassembly_ = std::make_unique<Reassembly>();
  reassembly_->add_duplicate({pos, std::min(end, nxt_)});
}

Reassembly::Range Receiver::take_duplicate() {
  if (!reassembly_) return {};
  const Reassembly::Range duplicate = reassembly_->take_duplicate();
  if (reassembly_->is_spent()) reassembly_.reset();
  return duplicate;
}

Receiver::Accepted Receiver::accept_slice(StreamPos pos, Slice slice, BufferPool& pool) {
  Accepted result;
  if (pool.is_scarce() && !may_keep(pos, result, pool)) return result;
  if (pos > nxt_) {
    if (!reassembly_) reassembly_ = std::make_unique<Reassembly>();
    const Reassembly::Outcome outcome = reassembly_->insert(pos, std::move(slice), pool, most_out_of_order());
    result.out_of_order = true;
    result.duplicate = outcome == Reassembly::Outcome::duplicate;
    result.refused = result.refused_ahead = outcome == Reassembly::Outcome::refused;
    return result;
  }
  const std::size_t length = slice.size();
  if (!queue_.push(std::move(slice), pool)) {
    result.refused = true;
    return result;
  }
  const StreamPos before = nxt_;
  const std::size_t queued = out_of_order_bytes();
  nxt_ += static_cast<StreamPos>(length);
  while (reassembly_ && !reassembly_->empty()) {
    std::optional<Slice> waiting = reassembly_->pop_at(nxt_);
    if (!waiting) break;
    const std::size_t n = waiting->size();
    if (!queue_.push(std::move(*waiting), pool)) {
      result.pruned = true;
      reassembly_->clear();  // without memory, what was SACKed is given back whole (RFC 2018 §8)
      break;
    }
    nxt_ += static_cast<StreamPos>(n);
  }
  // True also for a segment that covers everything that was queued behind the gap.
  result.filled_gap = out_of_order_bytes() < queued;
  result.in_order = static_cast<std::uint32_t>(nxt_ - before);
  return result;
}

// Four times the window is what slices hold at most that do not waste their blocks. Bytes that come one by one do.
std::size_t Receiver::most_out_of_order() const {
  return 4 * std::max<std::size_t>(limit_, static_cast<std::size_t>(window_end_ - nxt_));
}

// What waits out of order goes first: it can be given back (RFC 2018 §8), and nobody reads it soon. A little may always
// be kept in order, so that each reader goes on (Linux: tcp_prune_queue).
bool Receiver::may_keep(StreamPos pos, Accepted& result, const BufferPool& pool) {
  if (reassembly_ && !reassembly_->empty()) {
    reassembly_->clear();
    result.pruned = true;
  }
  result.refused_ahead = pos > nxt_;
  result.refused = result.refused_ahead || (queue_.size() >= BufferPool::kLeastOfAStream && pool.is_scarce());
  return !result.refused;
}

StreamPos Receiver::offered_end() const {
  const std::size_t largest = std::min<std::size_t>(std::size_t{65535} << scale_, clamp_ != 0 ? clamp_ : kLargestLimit);
  const StreamPos end = nxt_ + static_cast<StreamPos>(std::min<std::size_t>({room(), largest, threshold_}));
  // Never back. Silly window: the right edge moves by a full segment or half the buffer, or not at all. While scaled
  // windows are wide open that is no danger, and the edge follows what comes (as Linux).
  const bool is_wide_open = scale_ > 0 && room() >= limit_ / 2;
  const StreamPos step =
      is_wide_open ? 0 : static_cast<StreamPos>(std::min<std::size_t>({mss_, limit_ / 2, largest / 2}));
  return end >= window_end_ + step ? end : window_end_;
}

std::uint16_t Receiver::offer_window(bool scaled) {
  // Of a SYN it begins behind the peer's, which has not come yet.
  const StreamPos begin = std::max<StreamPos>(nxt_, 1);
  const StreamPos wanted = std::max<StreamPos>(offered_end() - begin, 0);
  const std::uint8_t shift = scaled ? scale_ : 0;
  // Rounded up, so that the edge does not move back (RFC 7323 §2.4), but against tiny segments not for ever: the buffer
  // may hold so much more. Then the peer sees it move back by less than a unit; what was offered is taken nevertheless.
  const StreamPos unit = StreamPos{1} << shift;
  const StreamPos up = (wanted + unit - 1) >> shift;
  const StreamPos most = StreamPos{limit_} + limit_ / 16 + unit - static_cast<StreamPos>(queue_.size());
  const bool fits = (up << shift) <= most && (clamp_ == 0 || (up << shift) <= StreamPos{clamp_});
  const StreamPos field = std::min<StreamPos>(fits ? up : wanted >> shift, 65535);
  window_end_ = std::max(window_end_, begin + (field << shift));
  return static_cast<std::uint16_t>(field);
}

bool Receiver::wants_window_update() const {
  const StreamPos end = offered_end();
  if (end <= window_end_) return false;
  // Worth a segment of its own when it doubles what the peer may send, or opens a window that was all but closed.
  const StreamPos left = window_end_ - nxt_;
  return end - nxt_ >= 2 * left;
}

bool Receiver::on_urgent(StreamPos end, bool oob_inline) {
  if (end <= up_) return false;
  // A reader who stands at the old mark would otherwise find its byte in the stream (as Linux: tcp_check_urg).
  if (!oob_inline && at_mark()) skip_urgent_byte();
  const bool news = end > read_pos();
  up_ = end;
  urgent_taken_ = false;
  return news;
}

void Receiver::skip_urgent_byte() {
  std::uint8_t skipped;
  static_cast<void>(queue_.read({&skipped, 1}));
}

std::size_t Receiver::read(MutableBytes out, bool oob_inline) {
  if (!oob_inline && at_mark()) skip_urgent_byte();
  return queue_.read(out.first(std::min(out.size(), readable_at_once())));
}

std::size_t Receiver::view(std::span<Bytes> pieces, bool oob_inline) {
  if (!oob_inline && at_mark()) skip_urgent_byte();
  return queue_.view(pieces, readable_at_once());
}

std::size_t Receiver::consume(std::size_t n, bool oob_inline) {
  if (!oob_inline && at_mark()) skip_urgent_byte();
  n = std::min(n, readable_at_once());
  queue_.consume(n);
  return n;
}

std::size_t Receiver::peek(std::size_t offset, MutableBytes out, bool oob_inline) const {
  if (urgent() == 0) return queue_.peek(offset, out);
  const std::size_t mark = urgent() - 1;
  if (offset < mark) return queue_.peek(offset, out.first(std::min(out.size(), mark - offset)));
  return queue_.peek(oob_inline ? offset : offset + 1, out);
}

std::uint8_t Receiver::urgent_byte(bool take) {
  std::uint8_t byte = 0;
  [[maybe_unused]] const std::size_t got = queue_.peek(urgent() - 1, {&byte, 1});
  LEAT_ASSERT(got == 1);
  urgent_taken_ = take;
  return byte;
}

void Receiver::discard() {
  queue_.clear();
  reassembly_.reset();
}

}  // namespace leat
