#include "tcp/engine/half_open.h"

#include <algorithm>

#include "tcp/loss/rto.h"
#include "tcp/recv/receiver.h"
#include "tcp/settings_ref.h"
#include "tcp/timestamps.h"

namespace leat {
namespace {

// Time-outs of the SYN-ACK that the time to wait for data takes (Linux: secs_to_retrans).
unsigned time_outs_in(Duration time, Duration longest) {
  if (time <= Duration::zero()) return 0;
  unsigned n = 1;
  Duration wait = Rto::kInitial;
  for (Duration sum = wait; sum < time && n < 255; ++n) {
    wait = std::min(wait * 2, longest);
    sum += wait;
  }
  return n;
}

}  // namespace

HalfOpen::Verdict HalfOpen::on_segment(const SegmentIn& segment, const TcpSettings& options, Instant now) {
  const TcpFlags flags = segment.flags;
  const std::int64_t ahead = segment.seq - (facts_.irs + 1u);
  // Zeroth: the timestamp (RFC 7323 §5.3). First: the sequence number.
  if (has_old_timestamp(segment) && !flags.rst() && !flags.syn()) {
    return {challenges_.allow(options.challenge_interval, now) ? Action::ack : Action::none,
            DropReason::TCP_RFC7323_PAWS};
  }
  const std::int64_t window = std::max<std::int64_t>(offered_window(options), 1);
  const std::int64_t last = ahead + std::max(segment.sequence_length(), 1u) - 1;
  if (ahead >= window || last < 0) {
    const DropReason why = ahead < 0 ? DropReason::TCP_OLD_DATA : DropReason::TCP_OVERWINDOW;
    if (flags.rst()) return {Action::none, why};
    const bool our_syn_ack_was_lost = ahead == -1 && flags.syn() && !flags.ack();
    if (our_syn_ack_was_lost && !has_old_timestamp(segment)) take_timestamp(segment);
    if (!challenges_.allow(options.challenge_interval, now)) return {Action::none, why};
    return {our_syn_ack_was_lost ? Action::syn_ack : Action::ack, why};
  }
  // Second: RST, at the exact number only (RFC 5961 §3.2). Fourth: SYN.
  if (flags.rst()) {
    if (ahead == 0) return {Action::forget, DropReason::TCP_RESET};
    return {challenges_.allow(options.challenge_interval, now) ? Action::ack : Action::none,
            DropReason::TCP_INVALID_SEQUENCE};
  }
  if (flags.syn()) return {Action::forget, DropReason::TCP_INVALID_SYN};
  // Fifth: ACK. It covers the SYN-ACK and nothing more, for nothing else was sent.
  if (!flags.ack()) return {Action::none, DropReason::TCP_FLAGS};
  if (segment.ack != facts_.iss + 1u) return {Action::reset, DropReason::TCP_ACK_UNSENT_DATA};
  if (ahead <= 0) take_timestamp(segment);
  if (segment.sequence_length() == 0 && waits_ < time_outs_in(options.defer_accept, options.max_rto)) {
    answered_ = true;
    return {.drop = DropReason::NOT_SPECIFIED, .deferred = true};
  }
  return {Action::complete, std::nullopt};
}

HalfOpen::Due HalfOpen::on_timer(const TcpSettings& options, Instant now) {
  const unsigned defer = time_outs_in(options.defer_accept, options.max_rto);
  if (waits_ >= options.syn_ack_retries && (!answered_ || waits_ >= defer)) return Due::forget;
  // Whoever has answered is asked once more, at the end, and may then open the connection without data.
  const bool again = !answered_ || waits_ + 1u >= defer;
  if (waits_ < 255) ++waits_;
  Duration wait = Rto::kInitial;
  for (unsigned i = 0; i < waits_ && wait < options.max_rto; ++i) wait *= 2;
  deadline_ = now + std::min(wait, options.max_rto);
  if (!again) return Due::nothing;
  ++facts_.time_outs;
  return Due::syn_ack;
}

SegmentOut HalfOpen::syn_ack(const TcpSettings& options, Instant now) {
  SegmentOut out;
  out.seq = facts_.iss;
  out.ack = facts_.irs + 1u;
  out.flags = kTcpSyn | kTcpAck;
  out.window = offered_window(options);
  out.options.mss = receive_mss_;
  out.options.sack_permitted = facts_.sack_permitted;
  if (facts_.window_scale) out.options.window_scale = Receiver::scale_for(largest_window(options));
  stamp(out, now);
  out.retransmission = sent_;
  if (sent_) {
    out.evidence = PathEvidence::silent;
    out.note = {NoteKind::syn_time_out, facts_.time_outs, static_cast<std::uint8_t>(options.syn_ack_retries)};
  }
  facts_.timed_at = sent_ ? kNever : now;
  if (!sent_) deadline_ = now + std::min(Rto::kInitial, options.max_rto);
  sent_ = true;
  return out;
}

SegmentOut HalfOpen::ack(const TcpSettings& options, Instant now) const {
  SegmentOut out;
  out.seq = facts_.iss + 1u;
  out.ack = facts_.irs + 1u;
  out.flags = kTcpAck;
  const std::uint8_t shift = facts_.window_scale ? Receiver::scale_for(largest_window(options)) : std::uint8_t{0};
  out.window = static_cast<std::uint16_t>(offered_window(options) >> shift);
  stamp(out, now);
  return out;
}

SegmentOut HalfOpen::reset() const {
  SegmentOut out;
  out.seq = facts_.iss + 1u;
  out.ack = facts_.irs + 1u;
  out.flags = kTcpRst | kTcpAck;
  return out;
}

bool HalfOpen::has_old_timestamp(const SegmentIn& segment) const {
  return facts_.timestamp && segment.options.timestamps &&
         timestamp_age(segment.options.timestamps->value, *facts_.timestamp) > 0;
}

void HalfOpen::take_timestamp(const SegmentIn& segment) {
  if (facts_.timestamp && segment.options.timestamps) facts_.timestamp = segment.options.timestamps->value;
}

void HalfOpen::stamp(SegmentOut& out, Instant now) const {
  if (facts_.timestamp) out.options.timestamps = {timestamp_value(facts_.timestamp_offset, now), *facts_.timestamp};
}

std::uint16_t HalfOpen::offered_window(const TcpSettings& options) const {
  const std::uint32_t mss = receive_mss_ - (facts_.timestamp ? Timestamps::kOptionSize : 0);
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(first_window(options, mss), 65535));
}

}  // namespace leat
