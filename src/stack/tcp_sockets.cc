#include "stack/tcp_sockets.h"

#include <algorithm>

#include "stack/icmp_meaning.h"

namespace leat {

TcpSockets::TcpSockets(const TcpSettings& options, Random& random, Counters& counters, DropLog& drops, BufferPool& pool)
    : defaults_(options),
      latest_(defaults_),
      counters_(counters),
      drops_(drops),
      pool_(pool),
      flow_key_(random.derive_key()),
      isn_key_(random.derive_key()),
      ports_(random),
      flows_(kMaxSockets + TimeWaitTable::kDefaultMaximum),
      time_wait_(TimeWaitTable::kDefaultMaximum, TimeWaitTable::kDuration, options.challenge_interval) {
  timestamp_key_ = random.derive_key();
}

TcpSockets::~TcpSockets() = default;

// Demultiplexing.

TcpSockets::Socket* TcpSockets::find(SocketHandle handle) const {
  if (!handle || handle.index >= slots_.size()) return nullptr;
  Socket* socket = slots_[handle.index].get();
  return socket != nullptr && socket->handle == handle ? socket : nullptr;
}

TcpSockets::Socket* TcpSockets::find_flow(const FourTuple& tuple, std::uint32_t hash) const {
  const std::optional<FlowRef> flow =
      flows_.find(hash, [&](FlowRef f) { return f.kind == FlowKind::connection && slots_[f.slot]->tuple == tuple; });
  return flow ? slots_[flow->slot].get() : nullptr;
}

TcpSockets::HalfOpenEntry* TcpSockets::find_half_open(const FourTuple& tuple, std::uint32_t hash) const {
  const std::optional<FlowRef> flow =
      flows_.find(hash, [&](FlowRef f) { return f.kind == FlowKind::half_open && half_open_[f.slot]->tuple == tuple; });
  return flow ? half_open_[flow->slot].get() : nullptr;
}

void TcpSockets::on_segment(const FourTuple& tuple, SegmentIn& segment, const PathFacts& path, Instant now) {
  counters_[Counter::TcpInSegs] += segment.wire_segments;
  const std::uint32_t hash = flow_hash(flow_key_, tuple);
  const std::optional<FlowRef> flow = flows_.find(hash, [&](FlowRef f) { return is_flow_of(f, tuple); });
  if (!flow) return on_new_flow(tuple, segment, path, now);
  if (flow->kind == FlowKind::time_wait) return on_time_wait(*flow, tuple, segment, path, now);
  if (flow->kind == FlowKind::half_open) return on_half_open(*half_open_[flow->slot], segment, path, now);
  deliver(*slots_[flow->slot], segment, now);
}

bool TcpSockets::is_flow_of(FlowRef flow, const FourTuple& tuple) const {
  switch (flow.kind) {
    case FlowKind::time_wait: return time_wait_.matches(flow.slot, tuple);
    case FlowKind::half_open: return half_open_[flow.slot]->tuple == tuple;
    case FlowKind::connection: break;
  }
  return slots_[flow.slot]->tuple == tuple;
}

void TcpSockets::deliver(Socket& socket, SegmentIn& segment, Instant now) {
  const SegmentVerdict verdict = socket.connection->on_segment(segment, pool_, now);
  count(verdict);
  if (verdict.reset_reply) reply_with_reset(socket.tuple, segment);
  if (verdict.drop == DropReason::TCP_ABORT_ON_DATA) ++counters_[Counter::TcpExtTCPAbortOnData];
  hurry_acks(socket, now);
  touch(socket);
}

// Before the rest of the batch is looked at: each tells of its segment.
void TcpSockets::hurry_acks(Socket& socket, Instant now) {
  while (socket.connection->hurries_to_ack() && replies_.size() < kMaxReplies / 2) {
    OutgoingSegment out;
    if (!socket.connection->poll_hurried_ack(out.segment, now)) return;
    address(out, socket);
    replies_.push_back(std::move(out));
  }
}

void TcpSockets::on_time_wait(FlowRef flow, const FourTuple& tuple, SegmentIn& segment, const PathFacts& path,
                              Instant now) {
  TimeWaitSegment facts{.seq = segment.seq, .ack = segment.ack, .length = segment.length};
  facts.syn = segment.flags.syn(), facts.fin = segment.flags.fin();
  facts.rst = segment.flags.rst(), facts.has_ack = segment.flags.ack();
  if (segment.options.timestamps) facts.tsval = segment.options.timestamps->value;
  facts.may_open = segment.flags.syn() && listener_for(tuple) != nullptr;
  const TimeWaitDecision decision = time_wait_.on_segment(flow.slot, facts, now);
  const bool opens = decision.verdict == TimeWaitVerdict::accept_new;
  if (!opens) {
    drops_.arrived(DropReason::TCP_TIME_WAIT);
    if (decision.verdict == TimeWaitVerdict::ack) reply_with_ack(tuple, time_wait_.reply(flow.slot), now);
    if (decision.verdict != TimeWaitVerdict::end) return;
  } else if (!may_open(*listener_for(tuple))) {
    return;  // the old connection is not given up for nothing
  }
  flows_.erase(flow_hash(flow_key_, tuple), flow);
  time_wait_.remove(flow.slot);
  ports_in_use_.remove(tuple.local.port);
  if (opens) on_new_flow(tuple, segment, path, now, decision.isn);
}

void TcpSockets::on_unreachable(const FourTuple& tuple, Error why) {
  Socket* socket = find_flow(tuple, flow_hash(flow_key_, tuple));
  if (socket == nullptr) return;
  socket->connection->on_unreachable(why);
  touch(*socket);
}

void TcpSockets::on_icmp_error(const IcmpError& icmp, Instant now) {
  const std::optional<PathError> error = path_error(icmp);
  const FourTuple tuple{icmp.local, icmp.remote};
  const std::uint32_t hash = flow_hash(flow_key_, tuple);
  if (HalfOpenEntry* entry = error ? find_half_open(tuple, hash) : nullptr) {
    if (error->mss_limit == 0 && entry->state.sent(error->seq)) {
      ++counters_[Counter::TcpAttemptFails];
      remove_half_open(*entry);
    }
    return;
  }
  Socket* socket = error ? find_flow(tuple, hash) : nullptr;
  if (socket == nullptr) {
    drops_.arrived(error ? DropReason::INVALID_ICMP : DropReason::UNHANDLED_ICMP);
    return;
  }
  if (!socket->connection->on_path_error(*error, now)) {
    ++counters_[Counter::TcpExtOutOfWindowIcmps];
    drops_.arrived(DropReason::INVALID_ICMP);
    return;
  }
  touch(*socket);
}

void TcpSockets::count(const SegmentVerdict& verdict) {
  if (verdict.drop) drops_.arrived(*verdict.drop);
  if (verdict.challenge) ++counters_[Counter::TcpExtTCPChallengeACK];
  if (verdict.drop == DropReason::TCP_RFC7323_PAWS) {
    ++counters_[verdict.paws_active ? Counter::TcpExtPAWSActive : Counter::TcpExtPAWSEstab];
  }
  if (verdict.queued_out_of_order) ++counters_[Counter::TcpExtTCPOFOQueue];
  if (verdict.drop == DropReason::TCP_ZEROWINDOW) ++counters_[Counter::TcpExtTCPZeroWindowDrop];
  if (verdict.drop == DropReason::PROTO_MEM) {
    ++counters_[verdict.refused_ahead ? Counter::TcpExtTCPOFODrop : Counter::TcpExtTCPRcvQDrop];
  }
  if (verdict.pruned) {
    ++counters_[Counter::TcpExtOfoPruned];
    drops_.other(DropReason::TCP_OFO_QUEUE_PRUNE);
  }
  count(verdict.losses);
}

void TcpSockets::count(LossEvents events) {
  if (!events.any()) return;
  using Row = std::pair<LossEvent, Counter>;
  static constexpr std::array kRows{
      Row{LossEvent::reno_recovery, Counter::TcpExtTCPRenoRecovery},
      Row{LossEvent::sack_recovery, Counter::TcpExtTCPSackRecovery},
      Row{LossEvent::recovery_failed, Counter::TcpExtTCPSackFailures},
      Row{LossEvent::loss_failed, Counter::TcpExtTCPLossFailures},
      Row{LossEvent::reordering, Counter::TcpExtTCPSACKReorder},
      Row{LossEvent::full_undo, Counter::TcpExtTCPFullUndo},
      Row{LossEvent::partial_undo, Counter::TcpExtTCPPartialUndo},
      Row{LossEvent::dsack_undo, Counter::TcpExtTCPDSACKUndo},
      Row{LossEvent::loss_undo, Counter::TcpExtTCPLossUndo},
      Row{LossEvent::spurious_time_out, Counter::TcpExtTCPSpuriousRTOs},
      Row{LossEvent::retransmission_lost, Counter::TcpExtTCPLostRetransmit},
      Row{LossEvent::reneging, Counter::TcpExtTCPSACKReneging},
      Row{LossEvent::dsack_received, Counter::TcpExtTCPDSACKRecv},
      Row{LossEvent::probe_recovery, Counter::TcpExtTCPLossProbeRecovery},
  };
  for (const auto& [event, counter] : kRows) {
    if (events.has(event)) ++counters_[counter];
  }
}

void TcpSockets::reply(OutgoingSegment segment) {
  if (replies_.size() >= kMaxReplies) {
    drops_.other(DropReason::QUEUE_FULL);
    return;
  }
  replies_.push_back(std::move(segment));
}

void TcpSockets::reply_with_reset(const FourTuple& tuple, const SegmentIn& segment) {
  SegmentOut out;
  out.flags = kTcpRst;
  if (segment.flags.ack()) {
    out.seq = segment.ack;
  } else {
    out.flags |= kTcpAck;
    out.ack = segment.seq + segment.sequence_length();
  }
  reply(tuple, std::move(out));
}

void TcpSockets::reply_with_ack(const FourTuple& tuple, const TimeWaitReply& facts, Instant now) {
  SegmentOut out;
  out.flags = kTcpAck;
  out.seq = facts.seq;
  out.ack = facts.ack;
  out.window = facts.window;
  out.note.kind = NoteKind::unacceptable;
  if (facts.ts_recent) out.options.timestamps = {timestamp_value(facts.ts_offset, now), *facts.ts_recent};
  reply({tuple, std::move(out), facts.tos, defaults_->ttl});
}

// The same for all connections between two hosts, so that a new one is never older than one in TIME-WAIT (RFC 7323 §5.4
// asks for a random one each; Linux's reason to do it like this is RFC 6191).
std::uint32_t TcpSockets::timestamp_offset(const FourTuple& tuple) const {
  return static_cast<std::uint32_t>(hash_addresses<2, 4>(timestamp_key_, tuple));
}

// Sending.

void TcpSockets::address(OutgoingSegment& out, const Socket& socket) {
  out.tuple = socket.tuple;
  out.tos = socket.connection->options()->tos;
  out.ttl = socket.connection->options()->ttl;
  out.socket = socket.handle;
}

bool TcpSockets::poll_transmit(OutgoingSegment& out, InterfaceId interface, Instant now) {
  if (!replies_.empty()) {
    out = replies_.pop_front();
    count_sent(out.segment);
    return true;
  }
  if (interface >= dirty_.size()) return false;
  Handles& dirty = dirty_[interface];
  while (!dirty.empty()) {
    Socket* socket = find(dirty.pop_front());
    if (socket == nullptr || socket->interface != interface) continue;
    socket->is_dirty = false;
    if (socket->connection->poll_transmit(out.segment, now)) {
      mark_dirty(*socket);  // the others get their turn
      address(out, *socket);
      count_sent(out.segment);
      take_events(*socket);
      return true;
    }
    retire(*socket, now);
  }
  return false;
}

void TcpSockets::count_sent(const SegmentOut& segment) {
  const std::uint32_t n = segment.wire_segments();
  if (segment.flags.rst()) ++counters_[Counter::TcpOutRsts];
  if (segment.cause == RetransmissionCause::fast) counters_[Counter::TcpExtTCPFastRetrans] += n;
  if (segment.cause == RetransmissionCause::after_time_out) counters_[Counter::TcpExtTCPSlowStartRetrans] += n;
  if (segment.retransmission) {
    counters_[Counter::TcpRetransSegs] += n;
  } else {
    counters_[Counter::TcpOutSegs] += n;  // Linux, and RFC 4022: without retransmissions
  }
}

/// The ways to CLOSED that RFC 4022 counts, whatever led there.
void TcpSockets::count_end(Socket& socket) {
  const TcpState before = std::exchange(socket.counted_state, socket.connection->state());
  if (socket.counted_state != TcpState::closed) return;
  if (before == TcpState::syn_sent || before == TcpState::syn_received) ++counters_[Counter::TcpAttemptFails];
  if (before == TcpState::established || before == TcpState::close_wait) ++counters_[Counter::TcpEstabResets];
}

void TcpSockets::run_timers(Instant now) {
  while (TimerEntry* entry = wheel_.pop_expired(now)) {
    Timed& timed = static_cast<Timed&>(*entry);
    if (timed.is_half_open) {
      on_half_open_timer(static_cast<HalfOpenEntry&>(timed), now);
      continue;
    }
    Socket& socket = static_cast<Socket&>(timed);
    const TimerVerdict verdict = socket.connection->on_timer(now);
    if (verdict.retransmission_timeout) ++counters_[Counter::TcpExtTCPTimeouts];
    if (verdict.tail_probe) ++counters_[Counter::TcpExtTCPLossProbes];
    count(verdict.losses);
    if (verdict.delayed_ack) ++counters_[Counter::TcpExtDelayedACKs];
    if (verdict.keep_alive) ++counters_[Counter::TcpExtTCPKeepAlive];
    if (verdict.window_probe) ++counters_[Counter::TcpExtTCPWinProbe];
    if (verdict.gave_up) ++counters_[Counter::TcpExtTCPAbortOnTimeout];
    touch(socket);
  }
  while (const std::optional<TimeWaitTable::Removed> gone = time_wait_.pop_expired(now)) {
    flows_.erase(gone->hash, {FlowKind::time_wait, gone->slot});
    ports_in_use_.remove(gone->local_port);
  }
}

bool TcpSockets::has_output(InterfaceId interface) const {
  return !replies_.empty() || (interface < dirty_.size() && !dirty_[interface].empty());
}

Instant TcpSockets::next_timer() const { return std::min(wheel_.next_deadline(), time_wait_.next_deadline()); }

// Life and death of connections.

void TcpSockets::touch(Socket& socket) {
  take_events(socket);
  count_end(socket);
  arm(socket);
  mark_dirty(socket);
}

/// A later deadline waits for the timer that is armed already.
void TcpSockets::arm(Socket& socket) {
  const Instant deadline = socket.connection->next_deadline();
  if (!TimerWheel::is_armed_by(socket, deadline)) wheel_.schedule(socket, deadline);
}

void TcpSockets::mark_dirty(Socket& socket) {
  if (std::exchange(socket.is_dirty, true)) return;
  if (socket.interface >= dirty_.size()) dirty_.resize(socket.interface + 1);
  dirty_[socket.interface].push_back(socket.handle);
}

/// The connection has just been polled, so its entry is the last one of its list.
void TcpSockets::reroute(SocketHandle handle, InterfaceId interface) {
  Socket* socket = find(handle);
  if (socket == nullptr || socket->interface == interface) return;
  Handles& before = dirty_[socket->interface];
  if (!before.empty() && before.back() == handle) before.pop_back();
  socket->is_dirty = false;
  socket->interface = interface;
  mark_dirty(*socket);
}

void TcpSockets::take_events(Socket& socket) {
  const std::uint16_t bits = socket.connection->take_events();
  if (bits == 0) return;
  if ((bits & kEventConnected) != 0 && socket.parent) on_child_established(socket);
  if (socket.user_owns) give_event(socket, bits);
}

void TcpSockets::give_event(Socket& socket, std::uint16_t bits) {
  socket.pending_events = static_cast<std::uint16_t>(socket.pending_events | bits);
  if (!std::exchange(socket.has_event, true)) with_events_.push_back(socket.handle);
}

std::optional<Event> TcpSockets::next_event() {
  while (!with_events_.empty()) {
    Socket* socket = find(with_events_.pop_front());
    if (socket == nullptr) continue;
    socket->has_event = false;
    const std::uint16_t bits = std::exchange(socket->pending_events, std::uint16_t{0});
    if (bits != 0) return Event{socket->handle, bits};
  }
  return std::nullopt;
}

void TcpSockets::retire(Socket& socket, Instant now) {
  const TcpState state = socket.connection->state();
  if (state == TcpState::time_wait && socket.in_flow_table) {
    const TimeWaitFacts facts = socket.connection->report().time_wait_facts();
    TimeWaitFlow flow{.tuple = socket.tuple, .hash = socket.hash, .snd_nxt = facts.snd_nxt, .rcv_nxt = facts.rcv_nxt};
    flow.rcv_wnd = facts.rcv_wnd;
    flow.rcv_wscale = facts.rcv_wscale;
    flow.ts_recent = facts.ts_recent;
    flow.ts_offset = facts.ts_offset;
    flow.sharing = socket.sharing;
    flow.tos = socket.connection->options()->tos;
    const TimeWaitTable::Added added = time_wait_.add(flow, now);
    if (added.evicted) {
      flows_.erase(added.evicted->hash, {FlowKind::time_wait, added.evicted->slot});
      ports_in_use_.remove(added.evicted->local_port);
      ++counters_[Counter::TcpExtTCPTimeWaitOverflow];
    }
    flows_.replace(socket.hash, {FlowKind::connection, socket.handle.index}, {FlowKind::time_wait, added.slot});
    socket.in_flow_table = false;
    ++counters_[Counter::TcpExtTW];
  }
  if (state != TcpState::closed && state != TcpState::time_wait) return arm(socket);
  leave_flow_table(socket);
  const bool waits_in_accept_queue = socket.parent && find(socket.parent) != nullptr;
  if (!socket.user_owns && !waits_in_accept_queue) destroy_socket(socket);
}

void TcpSockets::leave_flow_table(Socket& socket) {
  if (!std::exchange(socket.in_flow_table, false)) return;
  flows_.erase(socket.hash, {FlowKind::connection, socket.handle.index});
  ports_in_use_.remove(socket.tuple.local.port);
}

TcpSockets::Socket* TcpSockets::create_socket() {
  std::uint32_t index;
  if (!free_slots_.empty()) {
    index = free_slots_.back();
    free_slots_.pop_back();
  } else {
    if (slots_.size() >= kMaxSockets) return nullptr;
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
    generations_.push_back(0);
  }
  if (++generations_[index] == 0) ++generations_[index];
  slots_[index] = std::make_unique<Socket>();
  slots_[index]->handle = {index, generations_[index]};
  return slots_[index].get();
}

void TcpSockets::destroy_socket(Socket& socket) {
  leave_flow_table(socket);
  if (socket.connection) {
    --connections_;
    if (!socket.user_owns && !socket.parent) --orphans_;
  }
  wheel_.cancel(socket);
  const std::uint32_t index = socket.handle.index;
  slots_[index].reset();
  free_slots_.push_back(index);
}

std::uint16_t TcpSockets::receive_mss(const PathFacts& path, const TcpSettings& options) const {
  constexpr std::uint32_t kHeaders = 40;
  const std::uint32_t largest = std::clamp<std::uint32_t>(path.mtu, 68, 65535) - kHeaders;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(options.mss.value_or(largest), largest));
}

void TcpSockets::make_connection(Socket& socket, const FourTuple& tuple, const PathFacts& path, SeqNum isn,
                                 TcpSettingsRef options) {
  constexpr std::uint32_t kMaxHeaders = 120;
  ConnectionConfig config;
  config.initial_sequence = isn;
  config.timestamp_offset = timestamp_offset(tuple);
  config.receive_mss = config.send_mss_limit = receive_mss(path, *options);
  config.max_burst = (path.max_super_segment == 0 ? 65535 : std::min(path.max_super_segment, 65535u)) - kMaxHeaders;
  socket.tuple = tuple;
  socket.interface = path.interface;
  socket.hash = flow_hash(flow_key_, tuple);
  socket.connection.emplace(config, std::move(options), flights_);
  ++connections_;
}

}  // namespace leat
