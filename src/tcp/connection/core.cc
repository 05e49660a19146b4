#include "tcp/connection/core.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace leat {

ConnectionCore::ConnectionCore(const ConnectionConfig& config, TcpSettingsRef with, FlightPool& pool)
    : flights(pool),
      settings(std::move(with)),
      send_map(config.initial_sequence),
      sender(first_send_buffer(*settings), settings->nodelay),
      receiver(first_receive_buffer(*settings), config.receive_mss),
      rto(settings->max_rto),
      timestamps(config.timestamp_offset),
      receive_mss(config.receive_mss),
      send_mss_limit(config.send_mss_limit),
      max_burst(config.max_burst) {
  receiver.set_scale(Receiver::scale_for(largest_window(*settings)));
  receiver.set_clamp(settings->window_clamp);
  receiver.begin(first_window(*settings, receive_mss));
  sender.small_segments().set_cork(settings->cork);
  acks.set_interactive(!settings->quick_ack);
}

void ConnectionCore::move(StateEvent event) {
  const std::optional<TcpState> next = next_state(state, event);
  LEAT_ASSERT(next.has_value());
  if (next) state = *next;
}

void ConnectionCore::finish(Error why) {
  state = TcpState::closed;
  error = why;
  sender.discard();
  stop_timers();
  acks = AckPolicy{};
  raise(kEventClosed | kEventReadable | kEventWritable);
  if (why != Error::none) raise(kEventError);
}

void ConnectionCore::abort(Error why) {
  if (state == TcpState::closed) return;
  const bool over = state == TcpState::closing || state == TcpState::last_ack;
  const bool loses_data = receiver.readable() > 0;  // RFC 2525 §2.17
  reset_pending = state != TcpState::syn_sent && state != TcpState::time_wait && (!over || loses_data);
  finish(why);
}

void ConnectionCore::linger_in_fin_wait_2(Instant now) {
  if (settings->fin_wait_2 <= Duration::zero()) return abort(Error::aborted);
  liveness.linger(std::max(settings->fin_wait_2, rto.rto() * 7 / 2), now);
}

Flight& ConnectionCore::take_flight() {
  if (flight) return *flight;
  flight = flights.take();
  flight->start({sender.una(), sender.path_mss(), sack_agreed, reordering});
  sender.attach(flight->queue);
  return *flight;
}

bool ConnectionCore::may_rest(Instant now) const {
  return flight && is_synchronized(state) && sender.everything_acked() && !tail_probe_due &&
         flight->persist_deadline == kNever && flight->recovery.is_at_rest(rto.rto(), now);
}

void ConnectionCore::rest() {
  if (!flight) return;
  reordering = flight->recovery.rack().learned();
  sender.detach();
  flights.give_back(std::move(flight));
}

Recovery::Path ConnectionCore::path() const {
  return {sender.path_mss(), rto.rtt().srtt(), rto.rtt().min_rtt().value_or(Duration::zero())};
}

void ConnectionCore::react(const Recovery::Verdict& verdict, std::uint32_t delivered) {
  SendBudget& budget = flight->budget;
  for (const Congestion& signal : verdict.congestion) budget.on_congestion(signal, *congestion);
  if (verdict.began) ++counts.troubles().fast_recoveries;
  budget.on_delivered({delivered, in_flight(), verdict.safe}, *congestion, sender.path_mss());
}

void ConnectionCore::arm_retransmission(Instant now) {
  take_flight().loss_timer.arm(LossTimer::Kind::time_out, limited_by_user(now + rto.rto(), now));
}

void ConnectionCore::arm_loss_timer(Instant time_out, Instant now) {
  flight->loss_timer.arm(LossTimer::Kind::time_out, time_out);
  if (!settings->tail_loss_probe || !flight->recovery.may_probe()) return;
  const bool alone = flight->recovery.one_segment_outstanding(sender.mss());
  const Instant probe = now + TailProbe::timeout(rto.rtt().srtt(), alone, Rto::kMinimum);
  flight->loss_timer.arm(LossTimer::Kind::tail_probe, std::min(probe, time_out));
}

Instant ConnectionCore::oldest_times_out(Instant now) const {
  constexpr Duration kLeast = std::chrono::milliseconds(1);
  const Instant due = flight->recovery.scoreboard().first_sent_at() + rto.rto();
  return limited_by_user(std::max(due, now + kLeast), now);
}

Instant ConnectionCore::limited_by_user(Instant deadline, Instant now) const {
  const Instant since = is_synchronized(state) && flight ? flight->progress_at : liveness.opened_at();
  return Liveness::limited_by_user(*settings, deadline, since, now);
}

void ConnectionCore::stop_timers() {
  liveness.stop();
  if (!flight) return;
  flight->loss_timer.stop();
  flight->persist_deadline = kNever;
}

void ConnectionCore::update_persist(Instant now) {
  if (!can_send(state) || !(sender.is_blocked_by_window() || sender.is_corked())) {
    if (flight) flight->persist_deadline = kNever;
    liveness.end_persisting();
    return;
  }
  Flight& f = take_flight();
  if (f.persist_deadline != kNever) return;
  if (!liveness.has_persisted()) f.persist_since = now;
  f.persist_deadline = now + liveness.persist_interval(rto);
}

void ConnectionCore::arm_persist(Instant now) {
  Flight& f = take_flight();
  f.persist_deadline = now + liveness.persist_interval(rto);
  if (settings->user_timeout) {
    f.persist_deadline = std::min(f.persist_deadline, std::max(now, f.persist_since + *settings->user_timeout));
  }
}

// When the pool is short, a writer waits for its own queued data to drain, never for another connection's, so that
// every connection makes progress.
void ConnectionCore::look_at_memory(const BufferPool& pool) {
  memory_short = pool.is_short();
  writer_waits |= memory_short;
}

// The buffer holds twice the congestion window, counted as memory for as many packets: one window in flight, one ready
// to follow it (Linux: tcp_sndbuf_expand). It does not grow while cwnd is what holds data back.
void ConnectionCore::grow_send_buffer() {
  if (settings->send_buffer || memory_short || !congestion) return;
  const std::uint32_t window = congestion->cwnd();
  if (in_flight() >= window) return;
  constexpr std::size_t kBookkeeping = 640, kHead = 256, kLeastSegments = 10;  // of Linux's packets
  const std::size_t memory_of_one = std::bit_ceil(sender.mss() + kBookkeeping) + kHead;
  const std::size_t segments = std::max<std::size_t>(window / sender.mss(), kLeastSegments);
  sender.grow_limit(std::min(2 * segments * memory_of_one, settings->send_growth.most));
}

void ConnectionCore::wake_writer() {
  if (!writer_waits) return;
  grow_send_buffer();
  if (!is_writable()) return;
  writer_waits = false;
  raise(kEventWritable);
}

expected<std::size_t, Error> ConnectionCore::nothing_to_read() const {
  if (has_peer_closed()) return std::size_t{0};  // complete, whatever happened since
  if (error != Error::none) return unexpected(error);
  if (state == TcpState::closed) return unexpected(Error::not_connected);
  return unexpected(Error::would_block);
}

}  // namespace leat
