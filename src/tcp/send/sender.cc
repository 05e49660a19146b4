#include "tcp/send/sender.h"

#include <algorithm>
#include <utility>

namespace leat {

std::size_t Sender::write(Bytes data, BufferPool& pool, bool more) {
  const StreamPos begin = data_end();
  const std::size_t taken = queue_->buffer.append(data.first(std::min(data.size(), room())), pool);
  if (taken > 0) on_written(begin, more);
  return taken;
}

bool Sender::write(Slice slice, BufferPool& pool) {
  const StreamPos begin = data_end();
  if (!queue_->buffer.append(std::move(slice), pool)) return false;
  on_written(begin, false);
  return true;
}

MutableBytes Sender::room_to_fill(std::size_t wanted, BufferPool& pool) {
  constexpr std::size_t kWorthFilling = 2048;
  wanted = std::min(wanted, room());
  if (wanted == 0) return {};
  return queue_->buffer.room(wanted, std::min(wanted, kWorthFilling), pool);
}

void Sender::wrote(std::size_t n) {
  const StreamPos begin = data_end();
  queue_->buffer.extend(n);
  if (n > 0) on_written(begin, false);
}

void Sender::on_written(StreamPos begin, bool more) {
  small_.on_written(more);
  mark_write(begin, more);
}

// PSH (RFC 9293 §3.9.1.2) goes, as in Linux, at the end of a write, until another write continues the waiting data. It
// also goes where a block is full or more is to follow, if half of the peer's largest window was written since the
// last.
void Sender::mark_write(StreamPos begin, bool more) {
  constexpr StreamPos kLargestBlock = 65215;  // of Linux's super-segments, without headers
  const StreamPos whole = std::max<StreamPos>(kLargestBlock - kLargestBlock % mss(), mss());
  SendQueue& q = *queue_;
  const auto is_long = [&](StreamPos pos) {
    return distance(pushed_, pos) > static_cast<std::int32_t>(peer_.largest() / 2);
  };
  q.block = std::max(q.block, nxt_);
  if (begin - q.block >= whole) q.block = begin;
  if (q.buffer.ends_record(begin)) q.block = begin;
  if (begin > q.block) q.buffer.unmark_push(begin);
  while (data_end() - q.block > whole) {
    q.block += whole;
    if (is_long(q.block) && !q.buffer.is_full_of_marks()) mark_push(q.block);
  }
  if (!more || is_long(data_end())) mark_push(data_end());
}

void Sender::mark_push(StreamPos pos) {
  queue_->buffer.mark_push(pos);
  if (distance(pushed_, pos) > 0) pushed_ = static_cast<std::uint32_t>(pos);
}

std::size_t Sender::room_below(std::uint32_t lowat) const {
  const std::uint32_t unsent = unsent_bytes();
  if (unsent >= lowat) return 0;
  const std::size_t quota = lowat - unsent;
  return std::min(room(), (quota + path_mss() - 1) / path_mss() * path_mss());
}

void Sender::push_when_full(std::uint32_t lowat) {
  if (std::min(limit_, lowat) >= path_mss() || room_below(lowat) > 0) return;
  small_.push();
  end_write();
}

std::uint32_t Sender::unsent_bytes() const {
  return static_cast<std::uint32_t>(std::max<StreamPos>(data_end() - std::max<StreamPos>(nxt_, 1), 0));
}

std::uint32_t Sender::on_ack(StreamPos pos) {
  const StreamPos before = std::exchange(una_, pos);
  if (queue_ == nullptr) return 0;
  SendBuffer& buffer = queue_->buffer;
  const StreamPos begin = std::max(before, buffer.begin()), end = std::min(pos, buffer.end());
  if (end <= begin) return 0;
  buffer.release_before(end);
  return static_cast<std::uint32_t>(end - begin);
}

StreamPos Sender::empty_segment_pos() const {
  // This is SND.NXT. Beyond a window that shrank the peer would refuse the segment with its ACK, so the edge of the
  // window is used. Less than a unit of the scale is rounding, not shrinking (RFC 7323 §2.4).
  const std::int64_t beyond = -usable_window();
  return beyond >= std::int64_t{1} << peer_.scale() ? nxt_ - beyond : nxt_;
}

bool Sender::holds(std::uint32_t length) const {
  if (fin_queued_ || urgent_end() > una_ || length >= mss()) return false;
  return small_.hold(queue_->small_end > una_);
}

std::optional<Sender::Plan> Sender::next_new(std::int64_t allowance, std::uint32_t max_burst,
                                             bool override_timer) const {
  if (nxt_ < 1 || nxt_ >= end()) return std::nullopt;
  const std::int64_t usable = usable_window();
  if (data_end() == nxt_) {
    // The FIN alone is too small for congestion control, but it needs room in the peer's window.
    if (usable < 1) return std::nullopt;
    return Plan{nxt_, 0, true};
  }
  const StreamPos record_end = queue_->buffer.record_end(nxt_);
  const bool is_last = record_end == data_end();
  const std::int64_t available = record_end - nxt_;
  std::int64_t length = std::min({available, usable, allowance, std::int64_t{max_burst}});
  if (length <= 0) return std::nullopt;
  const bool to_the_end = length == available;
  const std::int64_t whole = length - length % mss();
  const std::int64_t rest = length - whole;
  if (rest > 0) {
    // The last, partial segment goes when it empties the buffer and Nagle agrees, when another record follows it, or
    // when the peer's window is so small that half of it is a good piece (RFC 9293 §3.8.6.2.1).
    const bool fills_small_window = length == usable && 2 * length >= peer_.largest();
    const bool may_go = (to_the_end && (!is_last || !holds(static_cast<std::uint32_t>(rest)))) ||
                        (whole == 0 && (fills_small_window || override_timer));
    if (!may_go) length = whole;
  }
  if (length == 0) return std::nullopt;
  Plan plan{nxt_, static_cast<std::uint32_t>(length), false};
  plan.fin = length == available && is_last && fin_queued_ && usable > length;
  return plan;
}

Sender::Plan Sender::again(StreamPos begin, StreamPos end, std::uint32_t max_burst) const {
  const StreamPos last = begin < data_end() ? std::min(end, queue_->buffer.record_end(begin)) : begin;
  const StreamPos length = std::clamp<StreamPos>(last - begin, 0, max_burst);
  Plan plan{begin, static_cast<std::uint32_t>(length), false};
  plan.fin = fin_queued_ && begin + length == data_end() && end > data_end();
  return plan;
}

void Sender::sent(const Plan& plan) {
  const StreamPos plan_end = plan.pos + plan.length + (plan.fin ? 1 : 0);
  if (plan_end > nxt_ && plan.length % mss() != 0) queue_->small_end = plan.pos + plan.length;
  if (plan.fin && plan_end > nxt_) fin_alone_ = plan.length == 0;
  nxt_ = std::max(nxt_, plan_end);
}

bool Sender::is_blocked_by_window() const {
  if (nxt_ < 1 || una_ < nxt_ || nxt_ >= end()) return false;
  const std::int64_t wanted = std::min<std::int64_t>(std::max<std::int64_t>(end() - nxt_, 1), mss());
  return usable_window() < wanted;
}

bool Sender::is_corked() const {
  if (nxt_ < 1 || una_ < nxt_ || nxt_ >= data_end()) return false;
  const std::int64_t available = data_end() - nxt_;
  const bool is_last = queue_->buffer.record_end(nxt_) == data_end();
  return is_last && available < mss() && holds(static_cast<std::uint32_t>(available));
}

}  // namespace leat
