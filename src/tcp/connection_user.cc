// The user's calls: RFC 9293 §3.10.2 to §3.10.6, and what they may ask.
#include <algorithm>
#include <bit>

#include "tcp/connection.h"

namespace leat {

void TcpConnection::move(StateEvent event) {
  const std::optional<TcpState> next = next_state(state_, event);
  LEAT_ASSERT(next.has_value());
  if (next) state_ = *next;
}

void TcpConnection::finish(Error why) {
  state_ = TcpState::closed;
  error_ = why;
  sender_.discard();
  stop_timers();
  acks_ = AckPolicy{};
  raise(kEventClosed | kEventReadable | kEventWritable);
  if (why != Error::none) raise(kEventError);
}

void TcpConnection::stop_timers() {
  keep_alive_deadline_ = kNever;
  if (!flight_) return;
  flight_->loss_timer.stop();
  flight_->persist_deadline = kNever;
}

expected<std::size_t, Error> TcpConnection::write(Bytes data, BufferPool& pool) { return take(data, pool, false); }

expected<std::size_t, Error> TcpConnection::write_more(Bytes data, BufferPool& pool) { return take(data, pool, true); }

/// Bytes that may be written now.
expected<std::size_t, Error> TcpConnection::room_to_write(const BufferPool& pool) {
  if (error_ != Error::none) return unexpected(error_);
  if (sender_.fin_queued() || user_gone_) return unexpected(Error::closed);
  if (state_ == TcpState::closed || state_ == TcpState::time_wait) return unexpected(Error::closed);
  look_at_memory(pool);
  std::size_t room = sender_.room_below(options_->notsent_lowat);
  constexpr std::size_t kLeast = BufferPool::kLeastOfAStream;
  if (memory_short_) room = std::min(room, kLeast - std::min(kLeast, sender_.buffered()));
  return room;
}

void TcpConnection::on_written() {
  sender_.push_when_full(options_->notsent_lowat);
  if (!is_writable()) writer_waits_ = true;
}

expected<std::size_t, Error> TcpConnection::take(Bytes data, BufferPool& pool, bool more) {
  const expected<std::size_t, Error> room = room_to_write(pool);
  if (!room || data.empty()) return room ? std::size_t{0} : room;
  std::size_t taken = 0;
  if (*room > 0) {
    static_cast<void>(flight());
    taken = sender_.write(data.first(std::min(data.size(), *room)), pool, more);
  }
  if (taken < data.size()) writer_waits_ = true;
  if (taken == 0) return unexpected(*room > 0 ? Error::no_buffers : Error::would_block);
  if (taken < data.size()) sender_.end_write();
  on_written();
  return taken;
}

/// What is less than a slice is worth, at once or not at all.
bool TcpConnection::take_small(Bytes data, BufferPool& pool) {
  constexpr std::size_t kSmall = 2048;
  if (data.size() > kSmall) return false;
  const MutableBytes room = sender_.room_to_fill(data.size(), pool);
  if (room.size() < data.size()) return false;
  std::copy(data.begin(), data.end(), room.begin());
  sender_.wrote(data.size());
  return true;
}

expected<void, Error> TcpConnection::write_borrowed(Bytes data, Release release, BufferPool& pool) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  if (data.size() > kMost) return unexpected(Error::invalid_argument);
  const expected<std::size_t, Error> room = room_to_write(pool);
  if (!room) return unexpected(room.error());
  const auto refuse = [&](Error why) {
    writer_waits_ = true;
    return unexpected(why);
  };
  if (*room == 0) return refuse(Error::would_block);
  static_cast<void>(flight());
  if (take_small(data, pool)) {
    if (release.call != nullptr) release.call(release.context);
  } else {
    Slice slice = pool.borrow(data);
    if (!slice) return refuse(Error::no_buffers);
    const bool taken = sender_.write(slice, pool);
    if (!taken) return refuse(sender_.is_full_of_slices() ? Error::would_block : Error::no_buffers);
    slice.when_released(release);
  }
  on_written();
  return {};
}

expected<MutableBytes, Error> TcpConnection::prepare(std::size_t wanted, BufferPool& pool) {
  const expected<std::size_t, Error> room = room_to_write(pool);
  if (!room) return unexpected(room.error());
  if (wanted == 0) return MutableBytes{};
  MutableBytes bytes;
  if (*room > 0) {
    static_cast<void>(flight());
    bytes = sender_.room_to_fill(std::min(wanted, *room), pool);
  }
  if (bytes.size() < wanted) writer_waits_ = true;
  if (bytes.empty()) return unexpected(*room > 0 ? Error::no_buffers : Error::would_block);
  return bytes;
}

expected<void, Error> TcpConnection::commit(std::size_t n) {
  if (error_ != Error::none) return unexpected(error_);
  if (sender_.fin_queued() || user_gone_) return unexpected(Error::closed);
  if (n > sender_.prepared()) return unexpected(Error::invalid_argument);
  if (sender_.prepared() > 0) sender_.wrote(n);
  if (n > 0) on_written();
  return {};
}

// Whoever finds memory short waits until his own data has gone, not for others: so each goes on, if slowly.
void TcpConnection::look_at_memory(const BufferPool& pool) {
  memory_short_ = pool.is_short();
  writer_waits_ |= memory_short_;
}

// Twice what is in flight, as memory for as many packets: one window on its way, one ready to follow it (Linux:
// tcp_sndbuf_expand). Of no use while cwnd is what holds data back.
void TcpConnection::grow_send_buffer() {
  if (options_->send_buffer || memory_short_ || !congestion_) return;
  const std::uint32_t cwnd = congestion_->cwnd();
  if (in_flight() >= cwnd) return;
  constexpr std::size_t kBookkeeping = 640, kHead = 256, kLeastSegments = 10;  // of Linux's packets
  const std::size_t memory_of_one = std::bit_ceil(sender_.mss() + kBookkeeping) + kHead;
  const std::size_t segments = std::max<std::size_t>(cwnd / sender_.mss(), kLeastSegments);
  sender_.grow_limit(std::min(2 * segments * memory_of_one, options_->send_growth.most));
}

void TcpConnection::wake_writer() {
  if (!writer_waits_) return;
  grow_send_buffer();
  if (!is_writable()) return;
  writer_waits_ = false;
  raise(kEventWritable);
}

expected<std::size_t, Error> TcpConnection::write_urgent(Bytes data, BufferPool& pool) {
  const expected<std::size_t, Error> taken = write(data, pool);
  if (taken && *taken > 0) sender_.mark_urgent();
  return taken;
}

expected<std::size_t, Error> TcpConnection::read(MutableBytes out) {
  if (user_gone_) return unexpected(Error::closed);
  if (out.empty()) return std::size_t{0};
  if (receiver_.readable() > 0) {
    const std::size_t n = receiver_.read(out, options_->oob_inline);
    on_read();
    if (n > 0) return n;
  }
  return nothing_to_read();
}

void TcpConnection::on_read() {
  if (!can_receive(state_)) return;
  if (receiver_.wants_window_update()) acks_.ack_now();
  if (receiver_.readable() == 0) acks_.on_read_empty();
}

expected<std::size_t, Error> TcpConnection::view(std::span<Bytes> pieces) {
  if (user_gone_) return unexpected(Error::closed);
  const std::size_t before = receiver_.readable();
  const std::size_t n = receiver_.view(pieces, options_->oob_inline);
  if (receiver_.readable() < before) on_read();  // an urgent byte was left out
  return n > 0 || pieces.empty() ? n : nothing_to_read();
}

expected<std::size_t, Error> TcpConnection::consume(std::size_t n) {
  if (user_gone_) return unexpected(Error::closed);
  n = receiver_.consume(n, options_->oob_inline);
  if (n > 0) on_read();
  return n;
}

expected<std::size_t, Error> TcpConnection::peek(std::size_t offset, MutableBytes out) const {
  if (user_gone_) return unexpected(Error::closed);
  if (out.empty()) return std::size_t{0};
  const std::size_t n = receiver_.peek(offset, out, options_->oob_inline);
  return n > 0 ? n : nothing_to_read();
}

expected<std::size_t, Error> TcpConnection::read_urgent(std::uint8_t& byte, bool take) {
  if (user_gone_) return unexpected(Error::closed);
  if (options_->oob_inline || receiver_.urgent() == 0 || receiver_.was_urgent_taken()) {
    return unexpected(Error::invalid_argument);
  }
  if (receiver_.has_urgent_byte()) {
    byte = receiver_.urgent_byte(take);
    return std::size_t{1};
  }
  return nothing_to_read();
}

/// Zero: the end, not "later".
expected<std::size_t, Error> TcpConnection::nothing_to_read() const {
  if (fin_seen_ && receiver_.nxt() > peer_fin()) return std::size_t{0};  // complete, whatever happened since
  if (error_ != Error::none) return unexpected(error_);
  if (state_ == TcpState::closed) return unexpected(Error::not_connected);
  return unexpected(Error::would_block);
}

expected<void, Error> TcpConnection::shutdown_write() {
  if (error_ != Error::none) return unexpected(error_);
  if (state_ == TcpState::closed) return unexpected(Error::not_connected);
  if (sender_.fin_queued()) return {};
  static_cast<void>(flight());
  sender_.queue_fin();
  // Before ESTABLISHED the FIN waits for the handshake (RFC 9293 §3.10.4).
  if (is_synchronized(state_)) move(StateEvent::user_close);
  return {};
}

void TcpConnection::close(Instant now) {
  if (user_gone_) return;
  if (state_ == TcpState::syn_sent) {
    finish(Error::none);
  } else if (receiver_.readable() > 0 && is_synchronized(state_) && state_ != TcpState::time_wait) {
    abort(Error::aborted);
  } else if (state_ != TcpState::closed && state_ != TcpState::time_wait) {
    static_cast<void>(shutdown_write());
    if (state_ == TcpState::fin_wait_2) linger_in_fin_wait_2(now);
  }
  user_gone_ = true;
  receiver_.discard();
}

/// Long enough for the peer to send its FIN three times. Who is gone keeps nothing alive, so that one timer is enough
/// (both as Linux).
void TcpConnection::linger_in_fin_wait_2(Instant now) {
  if (options_->fin_wait_2 <= Duration::zero()) return abort(Error::aborted);
  keep_alive_deadline_ = now + std::max(options_->fin_wait_2, rto_.rto() * 7 / 2);
}

void TcpConnection::abort(Error why) {
  if (state_ == TcpState::closed) return;
  const bool over = state_ == TcpState::closing || state_ == TcpState::last_ack;
  const bool loses_data = receiver_.readable() > 0;  // RFC 2525 §2.17
  reset_pending_ = state_ != TcpState::syn_sent && state_ != TcpState::time_wait && (!over || loses_data);
  finish(why);
}

void TcpConnection::on_unreachable(Error why) {
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) return finish(why);
  soft_error_ = why;
}

// A connection that is open goes on after any report (RFC 9293 §3.9.2.2, RFC 5927 §5). An attempt to open one ends, so
// that the application can try another address at once.
// DEVIATION: MUST-56 has attempts go on after soft errors; RFC 5461 §4.1 says why Linux's tcp_v4_err ends them.
bool TcpConnection::on_path_error(const PathError& error, Instant now) {
  const StreamPos pos = send_map_.from_wire(error.seq, sender_.una());
  const bool in_flight = state_ != TcpState::closed && pos >= sender_.una() && pos <= sender_.nxt();
  if (!in_flight) return false;
  const bool opening = state_ == TcpState::syn_sent || state_ == TcpState::syn_received;
  if (error.mss_limit > 0) {
    on_smaller_path(error.mss_limit, now);
  } else if (opening) {
    finish(error.error);
  } else {
    soft_error_ = error.error;
  }
  return true;
}

std::uint16_t TcpConnection::readiness() const {
  std::uint16_t bits = 0;
  const bool peer_closed = fin_seen_ && receiver_.nxt() > peer_fin();
  const bool over = state_ == TcpState::closed || state_ == TcpState::time_wait;
  const bool oob_inline = options_->oob_inline;
  const std::size_t left_out = !oob_inline && receiver_.at_mark() ? 1 : 0;
  if (receiver_.readable() > left_out || peer_closed || error_ != Error::none) bits |= kEventReadable;
  if (peer_closed) bits |= kEventPeerClosed;
  if (over) bits |= kEventClosed;
  if (error_ != Error::none) bits |= kEventError;
  if (is_synchronized(state_)) bits |= kEventConnected;
  if (is_synchronized(state_) && sender_.everything_acked()) bits |= kEventFlushed;
  if ((is_synchronized(state_) && is_writable()) || over) bits |= kEventWritable;
  if (oob_inline ? receiver_.urgent() > 0 : receiver_.has_urgent_byte()) bits |= kEventUrgent;
  return bits;
}

QueuedBytes TcpConnection::queued() const {
  QueuedBytes queued;
  queued.readable = receiver_.readable();
  if (!options_->oob_inline && receiver_.urgent() > 0) {
    queued.readable = std::min<std::size_t>(queued.readable, receiver_.urgent() - 1);
  }
  if (state_ == TcpState::closed) return queued;
  queued.unacked = static_cast<std::size_t>(sender_.end() - std::clamp<StreamPos>(sender_.una(), 1, sender_.end()));
  queued.unsent = static_cast<std::size_t>(sender_.end() - std::clamp<StreamPos>(sender_.nxt(), 1, sender_.end()));
  return queued;
}

TcpCounts TcpConnection::counts() const {
  TcpCounts counts;
  if (const TcpCounts* troubles = counts_.any_troubles()) counts = *troubles;
  counts.segs_out = counts_.segs_out;
  counts.segs_in = counts_.segs_in;
  counts.data_segs_out = counts_.data_segs_out;
  counts.data_segs_in = counts_.data_segs_in;
  counts.handshake = counts_.handshake;
  const auto of_data = [&](StreamPos pos) {
    return static_cast<std::uint64_t>(std::clamp<StreamPos>(pos, 1, sender_.data_end()) - 1);
  };
  counts.bytes_acked = of_data(sender_.una());
  counts.bytes_sent = of_data(sender_.nxt()) + counts.bytes_retrans;
  counts.bytes_received = receiver_.received();
  return counts;
}

TcpInfo TcpConnection::info() const {
  TcpInfo info;
  static_cast<TcpCounts&>(info) = counts();
  info.state = state_;
  if (congestion_) {
    info.congestion_control = congestion_->name();
    info.snd_cwnd = cwnd();
    info.snd_ssthresh = congestion_->ssthresh();
    info.pacing_rate = congestion_->pacing_rate();
  }
  info.reordering = reordering_.degree;
  if (flight_) {
    const Recovery& recovery = flight_->recovery;
    info.ca_state = recovery.state();
    info.reordering = recovery.rack().reordering();
    info.sacked = recovery.sacked();
    info.lost = recovery.scoreboard().lost();
    info.resent = recovery.scoreboard().resent();
  }
  info.window_scaling = scaling_agreed_;
  info.sack = sack_agreed_;
  info.timestamps = timestamps_.agreed();
  info.snd_wscale = sender_.scale();
  info.rcv_wscale = receiver_.scale();
  info.snd_mss = sender_.mss();
  info.rcv_mss = acks_.largest_segment();
  info.advmss = receive_mss_;
  info.rto = rto_.rto();
  info.rtt = rto_.rtt().srtt();
  info.rttvar = rto_.rtt().rttvar();
  info.min_rtt = rto_.rtt().min_rtt().value_or(Duration::zero());
  info.snd_wnd = sender_.window();
  info.rcv_wnd = static_cast<std::uint32_t>(receiver_.window_end() - receiver_.nxt());
  info.snd_buffer = sender_.limit();
  info.rcv_buffer = static_cast<std::uint32_t>(memory_of(receiver_.limit()));
  info.rcv_ssthresh = receiver_.threshold();
  info.rcv_space = ReceiveTuning::kFirstFlight * receive_mss_;
  if (const ReceiveTuning* tuning = receiver_.tuning()) {
    info.rcv_space = tuning->taken();
    info.rcv_rtt = tuning->round_trip();
  }
  info.unacked = static_cast<std::uint32_t>(sender_.nxt() - sender_.una());
  info.notsent = sender_.unsent_bytes();
  info.unread = static_cast<std::uint32_t>(receiver_.readable());
  info.urgent = receiver_.urgent();
  info.retransmits = time_outs_;
  info.backoff = rto_.backoff();
  info.probes = probes_;
  info.ato = options_->delayed_ack;
  info.quick_ack = !acks_.is_interactive();
  if (last_sent_at_ != Instant{}) info.last_data_sent = last_sent_at_;
  info.last_data_recv = acks_.last_data();
  // Until data comes the time counts from the handshake (Linux: lrcvtime).
  if (!info.last_data_recv && is_synchronized(state_)) info.last_data_recv = opened_at_ + counts_.handshake;
  if (heard_at_ != Instant{}) info.last_ack_recv = heard_at_;
  return info;
}

TimeWaitFacts TcpConnection::time_wait_facts() const {
  TimeWaitFacts facts;
  facts.snd_nxt = send_map_.to_wire(sender_.nxt());
  facts.rcv_nxt = receive_map_.to_wire(receiver_.nxt());
  facts.rcv_wnd = static_cast<std::uint32_t>(receiver_.window_end() - receiver_.nxt());
  facts.rcv_wscale = receiver_.scale();
  facts.ts_recent = timestamps_.recent();
  facts.ts_offset = timestamps_.offset();
  return facts;
}

}  // namespace leat
