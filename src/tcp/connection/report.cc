#include "tcp/connection/report.h"

#include <algorithm>

namespace leat {

std::uint16_t ConnectionReport::readiness() const {
  std::uint16_t bits = 0;
  const bool peer_closed = c_.has_peer_closed();
  const bool over = c_.state == TcpState::closed || c_.state == TcpState::time_wait;
  const bool oob_inline = c_.settings->oob_inline;
  const std::size_t left_out = !oob_inline && c_.receiver.at_mark() ? 1 : 0;
  if (c_.receiver.readable() > left_out || peer_closed || c_.error != Error::none) bits |= kEventReadable;
  if (peer_closed) bits |= kEventPeerClosed;
  if (over) bits |= kEventClosed;
  if (c_.error != Error::none) bits |= kEventError;
  if (is_synchronized(c_.state)) bits |= kEventConnected;
  if (is_synchronized(c_.state) && c_.sender.everything_acked()) bits |= kEventFlushed;
  if ((is_synchronized(c_.state) && c_.is_writable()) || over) bits |= kEventWritable;
  if (oob_inline ? c_.receiver.urgent() > 0 : c_.receiver.has_urgent_byte()) bits |= kEventUrgent;
  return bits;
}

QueuedBytes ConnectionReport::queued() const {
  QueuedBytes queued;
  queued.readable = c_.receiver.readable();
  if (!c_.settings->oob_inline && c_.receiver.urgent() > 0) {
    queued.readable = std::min<std::size_t>(queued.readable, c_.receiver.urgent() - 1);
  }
  if (c_.state == TcpState::closed) return queued;
  queued.unacked =
      static_cast<std::size_t>(c_.sender.end() - std::clamp<StreamPos>(c_.sender.una(), 1, c_.sender.end()));
  queued.unsent =
      static_cast<std::size_t>(c_.sender.end() - std::clamp<StreamPos>(c_.sender.nxt(), 1, c_.sender.end()));
  return queued;
}

TcpCounts ConnectionReport::counts() const {
  TcpCounts counts;
  if (const TcpCounts* troubles = c_.counts.any_troubles()) counts = *troubles;
  counts.segs_out = c_.counts.segs_out;
  counts.segs_in = c_.counts.segs_in;
  counts.data_segs_out = c_.counts.data_segs_out;
  counts.data_segs_in = c_.counts.data_segs_in;
  counts.handshake = c_.counts.handshake;
  const auto of_data = [&](StreamPos pos) {
    return static_cast<std::uint64_t>(std::clamp<StreamPos>(pos, 1, c_.sender.data_end()) - 1);
  };
  counts.bytes_acked = of_data(c_.sender.una());
  counts.bytes_sent = of_data(c_.sender.nxt()) + counts.bytes_retrans;
  counts.bytes_received = c_.receiver.received();
  return counts;
}

TcpInfo ConnectionReport::info() const {
  TcpInfo info;
  static_cast<TcpCounts&>(info) = counts();
  info.state = c_.state;
  if (c_.congestion) {
    info.congestion_control = c_.congestion->name();
    info.snd_cwnd = c_.cwnd();
    info.snd_ssthresh = c_.congestion->ssthresh();
    info.pacing_rate = c_.congestion->pacing_rate();
  }
  info.reordering = c_.reordering.degree;
  if (c_.flight) {
    const Recovery& recovery = c_.flight->recovery;
    info.ca_state = recovery.state();
    info.reordering = recovery.rack().reordering();
    info.sacked = recovery.sacked();
    info.lost = recovery.scoreboard().lost();
    info.resent = recovery.scoreboard().resent();
  }
  info.window_scaling = c_.scaling_agreed;
  info.sack = c_.sack_agreed;
  info.timestamps = c_.timestamps.agreed();
  info.snd_wscale = c_.sender.peer().scale();
  info.rcv_wscale = c_.receiver.scale();
  info.snd_mss = c_.sender.mss();
  info.rcv_mss = c_.acks.largest_segment();
  info.advmss = c_.receive_mss;
  info.rto = c_.rto.rto();
  info.rtt = c_.rto.rtt().srtt();
  info.rttvar = c_.rto.rtt().rttvar();
  info.min_rtt = c_.rto.rtt().min_rtt().value_or(Duration::zero());
  info.snd_wnd = c_.sender.peer().size();
  info.rcv_wnd = static_cast<std::uint32_t>(c_.receiver.window_end() - c_.receiver.nxt());
  info.snd_buffer = c_.sender.limit();
  info.rcv_buffer = static_cast<std::uint32_t>(memory_of(c_.receiver.limit()));
  info.rcv_ssthresh = c_.receiver.threshold();
  info.rcv_space = ReceiveTuning::kFirstFlight * c_.receive_mss;
  if (const ReceiveTuning* tuning = c_.receiver.tuning()) {
    info.rcv_space = tuning->taken();
    info.rcv_rtt = tuning->round_trip();
  }
  info.unacked = static_cast<std::uint32_t>(c_.sender.nxt() - c_.sender.una());
  info.notsent = c_.sender.unsent_bytes();
  info.unread = static_cast<std::uint32_t>(c_.receiver.readable());
  info.urgent = c_.receiver.urgent();
  info.retransmits = c_.liveness.time_outs();
  info.backoff = c_.rto.backoff();
  info.probes = c_.liveness.probes();
  info.ato = c_.settings->delayed_ack;
  info.quick_ack = !c_.acks.is_interactive();
  if (c_.last_sent_at != Instant{}) info.last_data_sent = c_.last_sent_at;
  info.last_data_recv = c_.acks.last_data();
  // Until data comes the time counts from the handshake (Linux: lrcvtime).
  if (!info.last_data_recv && is_synchronized(c_.state)) {
    info.last_data_recv = c_.liveness.opened_at() + c_.counts.handshake;
  }
  if (c_.liveness.heard_at() != Instant{}) info.last_ack_recv = c_.liveness.heard_at();
  return info;
}

TimeWaitFacts ConnectionReport::time_wait_facts() const {
  TimeWaitFacts facts;
  facts.snd_nxt = c_.send_map.to_wire(c_.sender.nxt());
  facts.rcv_nxt = c_.receive_map.to_wire(c_.receiver.nxt());
  facts.rcv_wnd = static_cast<std::uint32_t>(c_.receiver.window_end() - c_.receiver.nxt());
  facts.rcv_wscale = c_.receiver.scale();
  facts.ts_recent = c_.timestamps.recent();
  facts.ts_offset = c_.timestamps.offset();
  return facts;
}

}  // namespace leat
