// Opening: RFC 9293 §3.5 and §3.10.7.3 (SYN-SENT).
#include <algorithm>

#include "tcp/connection.h"

namespace leat {

TcpConnection::TcpConnection(const ConnectionConfig& config, TcpSettingsRef options, FlightPool& flights)
    : flights_(flights),
      options_(std::move(options)),
      send_map_(config.initial_sequence),
      sender_(first_send_buffer(*options_), options_->nodelay),
      receiver_(first_receive_buffer(*options_), config.receive_mss),
      rto_(options_->max_rto),
      timestamps_(config.timestamp_offset),
      max_burst_(config.max_burst),
      receive_mss_(config.receive_mss),
      send_mss_limit_(config.send_mss_limit) {
  receiver_.set_scale(Receiver::scale_for(largest_window(*options_)));
  receiver_.set_clamp(options_->window_clamp);
  receiver_.begin(first_window(*options_, receive_mss_));
  sender_.set_cork(options_->cork);
  acks_.set_interactive(!options_->quick_ack);
}

void TcpConnection::open_active(Instant now) {
  move(StateEvent::active_open);
  opened_at_ = now;
  syn_due_ = true;
}

void TcpConnection::open_passive(const Handshake& handshake) {
  move(StateEvent::passive_open);
  opened_at_ = handshake.opened_at;
  adopt_peer(handshake, handshake.opened_at);
  sender_.first_window(0, 0, handshake.window);
  sender_.syn_sent();
  // What the half-open entry has offered.
  receiver_.begin(first_window(*options_, payload_of(receive_mss_)));
  last_ack_sent_ = static_cast<std::uint32_t>(receiver_.nxt());
  flight().recovery.on_sent(1, opened_at_);
  if (handshake.timed_at == kNever) flight().recovery.on_resent(0, 1, opened_at_);
  time_outs_ = handshake.time_outs;
  counts_.segs_in = 1;
  counts_.segs_out = 1u + handshake.time_outs;
  if (handshake.time_outs > 0) counts_.troubles().total_retrans = handshake.time_outs;
}

void TcpConnection::adopt_peer(const Handshake& handshake, Instant now) {
  receive_map_ = SeqMap(handshake.irs);
  receiver_.advance_control();
  scaling_agreed_ = handshake.window_scale.has_value();
  sack_agreed_ = options_->sack && handshake.sack_permitted;
  receiver_.set_reports_duplicates(sack_agreed_);
  if (options_->timestamps && handshake.timestamp) timestamps_.agree(*handshake.timestamp, now);
  sender_.set_scale(scaling_agreed_ ? std::min(*handshake.window_scale, TcpOptionSet::kMaxWindowScale)
                                    : std::uint8_t{0});
  if (!scaling_agreed_) receiver_.set_scale(0);
  // RFC 9293 §3.7.1: 536 when the peer does not say; a peer may not ask for so little that headers are all that is
  // sent.
  constexpr std::uint16_t kDefault = 536, kLeast = 48;
  const std::uint16_t mss = std::min(std::max(handshake.mss.value_or(kDefault), kLeast), send_mss_limit_);
  sender_.set_mss(payload_of(mss));
  if (!flight_) return;
  flight_->recovery.set_mss(sender_.path_mss());
  flight_->recovery.set_sack(sack_agreed_);
}

std::uint16_t TcpConnection::payload_of(std::uint16_t mss) const {
  return static_cast<std::uint16_t>(mss - (timestamps_.agreed() ? Timestamps::kOptionSize : 0));
}

TcpOptionSet TcpConnection::syn_options(Instant now) const {
  TcpOptionSet options;
  options.mss = receive_mss_;
  const bool answer = state_ == TcpState::syn_received;
  options.sack_permitted = answer ? sack_agreed_ : options_->sack;
  if (!answer || scaling_agreed_) options.window_scale = receiver_.scale();
  if (answer ? timestamps_.agreed() : options_->timestamps) options.timestamps = timestamps_.stamp(now);
  return options;
}

bool TcpConnection::echoes_what_was_never_sent(const SegmentIn& segment, Instant now) const {
  if (!options_->timestamps || !segment.options.timestamps || segment.options.timestamps->echo_reply == 0) return false;
  return !timestamps_.round_trip(segment.options.timestamps->echo_reply, opened_at_, now);
}

SegmentVerdict TcpConnection::on_segment_syn_sent(SegmentIn& segment, BufferPool& pool, Instant now) {
  SegmentVerdict verdict;
  const StreamPos ack = send_map_.from_wire(segment.ack, sender_.nxt());
  const bool acks_our_syn = segment.flags.ack() && ack == 1 && sender_.nxt() >= 1;
  if (segment.flags.ack() && !acks_our_syn) {
    verdict.drop = DropReason::TCP_INVALID_SEQUENCE;
    verdict.reset_reply = !segment.flags.rst();
    return verdict;
  }
  if (segment.flags.rst()) {
    verdict.drop = DropReason::TCP_RESET;
    if (acks_our_syn) finish(Error::refused);
    return verdict;
  }
  if (!segment.flags.syn()) {
    verdict.drop = DropReason::TCP_FLAGS;
    return verdict;
  }
  if (acks_our_syn && echoes_what_was_never_sent(segment, now)) {
    // RFC 7323 §5.3 is silent on this one; Linux: an old duplicate of another connection.
    verdict.drop = DropReason::TCP_RFC7323_PAWS;
    verdict.paws_active = verdict.reset_reply = true;
    return verdict;
  }
  adopt_peer(Handshake(segment), now);
  if (!acks_our_syn) {
    // Simultaneous open (RFC 9293 §3.5, figure 8): our SYN goes out again, with an ACK.
    move(StateEvent::syn_received);
    sender_.first_window(0, 0, segment.window);
    syn_due_ = true;
    return verdict;
  }
  sender_.first_window(0, 1, segment.window);
  become_established(segment, now);
  // Who is going to send, or does not want to hear of the connection before data comes, may save this ACK (as Linux).
  constexpr Duration kLongestDelay = std::chrono::milliseconds(200);
  if (options_->quick_ack && options_->defer_accept == Duration::zero()) {
    acks_.ack_now();
  } else {
    acks_.delay_until(now + kLongestDelay);
  }
  on_text_and_fin(segment, 1, pool, now, verdict);
  return verdict;
}

// Both sides of a simultaneous open answer with SYN-ACK, which counts as the ACK in it. Data on it comes again.
SegmentVerdict TcpConnection::on_crossing_syn_ack(const SegmentIn& segment, Instant now) {
  if (std::optional<SegmentVerdict> refused = check_ack(segment, now)) return *refused;
  sender_.first_window(0, 1, segment.window);  // not scaled on a SYN (RFC 7323 §2.2)
  become_established(segment, now);
  acks_.ack_now();
  return {};
}

void TcpConnection::become_established(const SegmentIn& segment, Instant now) {
  move(StateEvent::syn_acked);
  const bool syn_timed_out = time_outs_ > 0;
  // One lost SYN may be bad luck; after two, begin with one segment (RFC 6928 §2, RFC 5681 §3.1).
  const std::uint32_t mss = sender_.path_mss();
  congestion_ = make_controller(options_->congestion_control, {.mss = mss, .initial_cwnd = time_outs_ > 1 ? mss : 0});
  on_syn_acked(segment, now);
  rto_.on_established(syn_timed_out);
  counts_.handshake = now - opened_at_;
  heard_at_ = now;
  if (options_->keep_alive) keep_alive_deadline_ = now + options_->keep_alive->idle;
  grow_send_buffer();
  raise(kEventConnected | kEventWritable);
  if (sender_.fin_queued()) move(StateEvent::user_close);
}

}  // namespace leat
