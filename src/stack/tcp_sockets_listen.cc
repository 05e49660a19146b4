// The listening side of TcpSockets: SYNs, half-open entries, and the connections that come of them.
#include <algorithm>

#include "stack/tcp_sockets.h"
#include "tcp/engine/isn.h"

namespace leat {

expected<SocketHandle, Error> TcpSockets::listen(Endpoint local, unsigned backlog) {
  if (local.port == 0) {
    const auto taken = [&](std::uint16_t port) { return listeners_by_port_.contains(port); };
    const std::optional<std::uint16_t> port = ports_.select(local.address, {}, taken);
    if (!port) return unexpected(Error::address_in_use);
    local.port = *port;
  }
  if (const auto on_port = listeners_by_port_.find(local.port); on_port != listeners_by_port_.end()) {
    for (SocketHandle handle : on_port->second) {
      const IpAddress& other = find(handle)->tuple.local.address;
      if (other == local.address || other.is_unspecified() || local.address.is_unspecified()) {
        return unexpected(Error::address_in_use);
      }
    }
  }
  Socket* socket = create_socket();
  if (socket == nullptr) return unexpected(Error::no_buffers);
  socket->user_owns = true;
  socket->tuple.local = local;
  socket->listener = std::make_unique<Listener>(backlog);
  listeners_.push_back(socket->handle);
  listeners_by_port_[local.port].push_back(socket->handle);
  ports_in_use_.add(local.port);
  return socket->handle;
}

expected<SocketHandle, Error> TcpSockets::accept(SocketHandle handle) {
  Socket* listening = find_owned(handle);
  if (listening == nullptr) return unexpected(Error::bad_handle);
  if (!listening->listener) return unexpected(Error::invalid_argument);
  while (!listening->listener->accept_queue_empty()) {
    Socket* child = find(listening->listener->pop());
    if (child == nullptr) continue;
    child->parent = {};
    child->user_owns = true;
    const std::uint16_t bits = child->connection->readiness();
    if (bits != 0) give_event(*child, bits);
    return child->handle;
  }
  return unexpected(Error::would_block);
}

TcpSockets::Socket* TcpSockets::listener_for(const Endpoint& local) const {
  const auto on_port = listeners_by_port_.find(local.port);
  if (on_port == listeners_by_port_.end()) return nullptr;
  Socket* any = nullptr;
  for (SocketHandle handle : on_port->second) {
    Socket* socket = find(handle);
    if (socket->tuple.local.address == local.address) return socket;
    if (socket->tuple.local.address.is_unspecified()) any = socket;
  }
  return any;
}

void TcpSockets::on_new_flow(const FourTuple& tuple, const SegmentIn& segment, const PathFacts& path, Instant now,
                             std::optional<SeqNum> isn) {
  Socket* listening = listener_for(tuple.local);
  const bool opens = segment.flags.syn() && !segment.flags.ack() && !segment.flags.rst() && !segment.flags.fin();
  if (listening == nullptr || (segment.flags.ack() && !segment.flags.rst())) {
    // RFC 9293 §3.10.7.1 and .2: nobody is here, or nobody asked for this.
    drops_.arrived(DropReason::NO_SOCKET);
    if (!segment.flags.rst()) reply_with_reset(tuple, segment);
  } else if (!opens) {
    drops_.arrived(DropReason::TCP_FLAGS);
  } else if (may_open(*listening)) {
    add_half_open(*listening, tuple, segment, path, isn, now);
  }
}

/// Is there room for one more? Counts why not.
bool TcpSockets::may_open(const Socket& listening) {
  if (listening.listener->accept_queue_full()) {
    ++counters_[Counter::TcpExtListenOverflows];
    ++counters_[Counter::TcpExtListenDrops];
    drops_.arrived(DropReason::TCP_LISTEN_OVERFLOW);
    return false;
  }
  if (listening.listener->syn_queue_full()) {
    ++counters_[Counter::TcpExtTCPReqQFullDrop];
    drops_.arrived(DropReason::TCP_REQQ_FULL);
    return false;
  }
  return true;
}

void TcpSockets::add_half_open(Socket& listening, const FourTuple& tuple, const SegmentIn& syn, const PathFacts& path,
                               std::optional<SeqNum> isn, Instant now) {
  const std::uint32_t hash = flow_hash(flow_key_, tuple);
  std::uint32_t slot = static_cast<std::uint32_t>(half_open_.size());
  if (!free_half_open_.empty()) slot = free_half_open_.back();
  if (slot >= kMaxSockets || !flows_.insert(hash, {FlowKind::half_open, slot})) {
    drops_.arrived(DropReason::NOMEM);
    return;
  }
  if (free_half_open_.empty()) {
    half_open_.emplace_back();
  } else {
    free_half_open_.pop_back();
  }
  const SeqNum iss = isn.value_or(initial_sequence_number(isn_key_, tuple, now));
  half_open_[slot] = std::make_unique<HalfOpenEntry>(
      HalfOpen(syn, {iss, receive_mss(path), timestamp_offset(tuple)}, options_, now), tuple);
  HalfOpenEntry& entry = *half_open_[slot];
  entry.hash = hash;
  entry.slot = slot;
  entry.listener = listening.handle;
  listening.listener->half_open_added();
  reply(tuple, entry.state.syn_ack(options_, now));
  wheel_.schedule(entry, entry.state.deadline());
}

void TcpSockets::remove_half_open(HalfOpenEntry& entry) {
  flows_.erase(entry.hash, {FlowKind::half_open, entry.slot});
  release_half_open(entry);
}

/// All but its place in the flow table.
void TcpSockets::release_half_open(HalfOpenEntry& entry) {
  find(entry.listener)->listener->half_open_removed();
  wheel_.cancel(entry);
  const std::uint32_t slot = entry.slot;
  half_open_[slot].reset();
  free_half_open_.push_back(slot);
}

void TcpSockets::on_half_open(HalfOpenEntry& entry, SegmentIn& segment, const PathFacts& path, Instant now) {
  const HalfOpen::Verdict verdict = entry.state.on_segment(segment, options_, now);
  if (verdict.drop) drops_.arrived(*verdict.drop);
  switch (verdict.action) {
    case HalfOpen::Action::none: return;
    case HalfOpen::Action::syn_ack: {
      SegmentOut again = entry.state.syn_ack(options_, now);
      again.note.number = 0;  // the peer asked for it
      return reply(entry.tuple, std::move(again));
    }
    case HalfOpen::Action::ack: {
      ++counters_[Counter::TcpExtTCPChallengeACK];
      SegmentOut ack = entry.state.ack(options_, now);
      const bool for_reset = verdict.drop == DropReason::TCP_INVALID_SEQUENCE;
      const bool for_age = verdict.drop == DropReason::TCP_RFC7323_PAWS;
      ack.note.kind = for_reset ? NoteKind::challenge_reset
                      : for_age ? NoteKind::old_timestamp
                                : NoteKind::unacceptable;
      return reply(entry.tuple, std::move(ack));
    }
    case HalfOpen::Action::reset: return reply_with_reset(entry.tuple, segment);
    case HalfOpen::Action::forget: ++counters_[Counter::TcpAttemptFails]; return remove_half_open(entry);
    case HalfOpen::Action::complete: return complete(entry, segment, path, now);
  }
}

void TcpSockets::complete(HalfOpenEntry& entry, SegmentIn& segment, const PathFacts& path, Instant now) {
  Socket* listening = find(entry.listener);
  if (listening->listener->accept_queue_full()) {
    // The entry stays, and its SYN-ACK goes out again: perhaps there is room when the peer answers that.
    ++counters_[Counter::TcpExtListenOverflows];
    ++counters_[Counter::TcpExtListenDrops];
    drops_.arrived(DropReason::TCP_LISTEN_OVERFLOW);
    return;
  }
  Socket* child = create_socket();
  if (child == nullptr) {
    drops_.arrived(DropReason::NOMEM);
    return;
  }
  child->parent = entry.listener;
  make_connection(*child, entry.tuple, path, entry.state.facts().iss);
  child->connection->open_passive(entry.state.facts());
  child->counted_state = child->connection->state();
  child->in_flow_table =
      flows_.replace(entry.hash, {FlowKind::half_open, entry.slot}, {FlowKind::connection, child->handle.index});
  if (child->in_flow_table) ports_in_use_.add(child->tuple.local.port);
  release_half_open(entry);
  deliver(*child, segment, now);
}

void TcpSockets::on_half_open_timer(HalfOpenEntry& entry, Instant now) {
  if (entry.state.on_timer(options_, now)) {
    ++counters_[Counter::TcpExtTCPTimeouts];
    reply(entry.tuple, entry.state.syn_ack(options_, now));
    wheel_.schedule(entry, entry.state.deadline());
    return;
  }
  ++counters_[Counter::TcpAttemptFails];
  if (options_.reset_half_open) reply(entry.tuple, entry.state.reset());
  remove_half_open(entry);
}

void TcpSockets::on_child_established(Socket& child) {
  Socket* listening = find(child.parent);
  if (listening == nullptr) return;
  ++counters_[Counter::TcpPassiveOpens];
  listening->listener->push(child.handle);
  give_event(*listening, kEventAcceptable);
}

void TcpSockets::close_listener(Socket& listening, Instant now) {
  const SocketHandle handle = listening.handle;
  std::erase(listeners_, handle);
  std::vector<SocketHandle>& on_port = listeners_by_port_[listening.tuple.local.port];
  std::erase(on_port, handle);
  if (on_port.empty()) listeners_by_port_.erase(listening.tuple.local.port);
  ports_in_use_.remove(listening.tuple.local.port);
  // Walks over all of them are fine here: it is rare.
  for (const std::unique_ptr<HalfOpenEntry>& entry : half_open_) {
    if (entry && entry->listener == handle) remove_half_open(*entry);
  }
  // What it had not handed over yet is reset, as Linux does.
  for (const std::unique_ptr<Socket>& slot : slots_) {
    if (!slot || slot->parent != handle) continue;
    slot->parent = {};
    slot->connection->abort(Error::aborted);
    slot->connection->close(now);
    give_up(*slot);
  }
  destroy_socket(listening);
}

}  // namespace leat
