#include "tcp/recv/receiver.h"

#include <algorithm>

namespace leat {

namespace {
constexpr std::size_t kLargestLimit = 0xffffffff;
}

Receiver::Receiver(std::size_t limit, std::uint32_t mss)
    : limit_(static_cast<std::uint32_t>(std::min(limit, kLargestLimit))), mss_(mss) {
  window_end_ = 1 + static_cast<StreamPos>(std::min<std::size_t>(limit_, 65535));
}

void Receiver::set_limits(std::size_t limit, std::uint32_t clamp) {
  limit_ = static_cast<std::uint32_t>(std::min(limit, kLargestLimit));
  clamp_ = clamp;
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
  for (Slice& slice : payload) {
    const StreamPos end = pos + static_cast<StreamPos>(slice.size());
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
  if (pos > nxt_) {
    if (!reassembly_) reassembly_ = std::make_unique<Reassembly>();
    const Reassembly::Outcome outcome = reassembly_->insert(pos, std::move(slice), pool);
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
    result.filled_gap = true;
  }
  result.in_order = static_cast<std::uint32_t>(nxt_ - before);
  return result;
}

StreamPos Receiver::offered_end() const {
  const std::size_t room = limit_ > queue_.size() ? limit_ - queue_.size() : 0;
  const std::size_t largest = std::min<std::size_t>(std::size_t{65535} << scale_, clamp_ != 0 ? clamp_ : kLargestLimit);
  const StreamPos end = nxt_ + static_cast<StreamPos>(std::min(room, largest));
  // Silly window: the right edge moves by a full segment or half the buffer, or not at all, and never back.
  const StreamPos step = static_cast<StreamPos>(std::min<std::size_t>({mss_, limit_ / 2, largest / 2}));
  return end >= window_end_ + step ? end : window_end_;
}

std::uint16_t Receiver::offer_window(bool scaled) {
  // Of a SYN it begins behind the peer's, which has not come yet.
  const StreamPos begin = std::max<StreamPos>(nxt_, 1);
  const StreamPos wanted = std::max<StreamPos>(offered_end() - begin, 0);
  const std::uint8_t shift = scaled ? scale_ : 0;
  // Rounded down, so that the peer may see the edge move back by less than a unit (RFC 7323 §2.4 warns it); what was
  // offered once is taken nevertheless. Rounding up would hold the window open for ever against tiny segments.
  const StreamPos field = std::min<StreamPos>(wanted >> shift, 65535);
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
  const std::size_t to_mark = urgent() > 1 ? urgent() - 1 : out.size();
  return queue_.read(out.first(std::min(out.size(), to_mark)));
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
