// The listening side of TcpSockets: SYNs, half-open entries, and the connections that come of them.
#include <algorithm>

#include "stack/tcp_sockets.h"
#include "tcp/engine/isn.h"

namespace leat {

expected<SocketHandle, Error> TcpSockets::listen(Endpoint local, unsigned backlog,
                                                 const std::optional<TcpSettings>& options) {
  const PortSharing sharing{.reuse_address = true};
  const expected<TcpSettingsRef, Error> own = settings(options);
  if (!own) return unexpected(own.error());
  if (local.port == 0) {
    const std::optional<std::uint16_t> port = pick_port(local.address);
    if (!port) return unexpected(Error::address_in_use);
    local.port = *port;
  } else if (has_conflict(local, sharing, {})) {
    return unexpected(Error::address_in_use);
  }
  return open_listener(local, sharing, backlog, *own);
}

// Asks once more, as Linux: since the bind() another that shares the port may have begun to listen.
expected<SocketHandle, Error> TcpSockets::listen(SocketHandle bound, unsigned backlog,
                                                 const std::optional<TcpSettings>& options) {
  const Socket* reservation = find_reservation(bound);
  if (reservation == nullptr) return unexpected(Error::bad_handle);
  const expected<TcpSettingsRef, Error> own = settings(options);
  if (!own) return unexpected(own.error());
  const Endpoint local = reservation->tuple.local;
  if (has_conflict(local, reservation->sharing, bound)) return unexpected(Error::address_in_use);
  return open_listener(local, reservation->sharing, backlog, *own);
}

expected<void, Error> TcpSockets::set_backlog(SocketHandle handle, unsigned backlog) {
  Socket* socket = find_owned(handle);
  if (socket == nullptr) return unexpected(Error::bad_handle);
  if (!socket->listener) return unexpected(Error::invalid_argument);
  socket->listener->set_backlog(backlog);
  return {};
}

expected<SocketHandle, Error> TcpSockets::open_listener(const Endpoint& local, const PortSharing& sharing,
                                                        unsigned backlog, TcpSettingsRef options) {
  Socket* socket = create_socket();
  if (socket == nullptr) return unexpected(Error::no_buffers);
  socket->user_owns = true;
  socket->sharing = sharing;
  socket->tuple.local = local;
  socket->listener = std::make_unique<ListenQueues>(backlog, std::move(options));
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

/// An exact address comes before any. Of several with the same one, which have reuse_port, always the same for a peer.
TcpSockets::Socket* TcpSockets::listener_for(const FourTuple& tuple) const {
  const auto on_port = listeners_by_port_.find(tuple.local.port);
  if (on_port == listeners_by_port_.end()) return nullptr;
  for (const bool exact : {true, false}) {
    const auto at_address = [&](SocketHandle handle) {
      const IpAddress& address = find(handle)->tuple.local.address;
      return exact ? address == tuple.local.address : address.is_unspecified();
    };
    const auto count = std::count_if(on_port->second.begin(), on_port->second.end(), at_address);
    if (count == 0) continue;
    std::uint64_t skip = std::uint64_t{flow_hash(flow_key_, tuple)} * static_cast<std::uint64_t>(count) >> 32;
    for (SocketHandle handle : on_port->second) {
      if (at_address(handle) && skip-- == 0) return find(handle);
    }
  }
  return nullptr;
}

void TcpSockets::on_new_flow(const FourTuple& tuple, const SegmentIn& segment, const PathFacts& path, Instant now,
                             std::optional<SeqNum> isn) {
  Socket* listening = listener_for(tuple);
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
  const TcpSettings& options = *listening.listener->options;
  half_open_[slot] = std::make_unique<HalfOpenEntry>(
      HalfOpen(syn, {iss, receive_mss(path, options), timestamp_offset(tuple)}, options, now), tuple,
      listening.listener->options);
  HalfOpenEntry& entry = *half_open_[slot];
  entry.hash = hash;
  entry.slot = slot;
  entry.listener = listening.handle;
  listening.listener->half_open_added();
  reply(tuple, entry.state.syn_ack(options, now), options);
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
  const TcpSettings& options = *entry.options;
  const HalfOpen::Verdict verdict = entry.state.on_segment(segment, options, now);
  if (verdict.drop) drops_.arrived(*verdict.drop);
  if (verdict.deferred) ++counters_[Counter::TcpExtTCPDeferAcceptDrop];
  switch (verdict.action) {
    case HalfOpen::Action::none: return;
    case HalfOpen::Action::syn_ack: {
      SegmentOut again = entry.state.syn_ack(options, now);
      again.note.number = 0;  // the peer asked for it
      return reply(entry.tuple, std::move(again), options);
    }
    case HalfOpen::Action::ack: {
      ++counters_[Counter::TcpExtTCPChallengeACK];
      SegmentOut ack = entry.state.ack(options, now);
      const bool for_reset = verdict.drop == DropReason::TCP_INVALID_SEQUENCE;
      const bool for_age = verdict.drop == DropReason::TCP_RFC7323_PAWS;
      ack.note.kind = for_reset ? NoteKind::challenge_reset
                      : for_age ? NoteKind::old_timestamp
                                : NoteKind::unacceptable;
      return reply(entry.tuple, std::move(ack), options);
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
  child->sharing = listening->sharing;
  make_connection(*child, entry.tuple, path, entry.state.facts().iss, entry.options);
  child->connection->open_passive(entry.state.facts());
  child->counted_state = child->connection->state();
  child->in_flow_table =
      flows_.replace(entry.hash, {FlowKind::half_open, entry.slot}, {FlowKind::connection, child->handle.index});
  if (child->in_flow_table) ports_in_use_.add(child->tuple.local.port);
  release_half_open(entry);
  deliver(*child, segment, now);
}

void TcpSockets::on_half_open_timer(HalfOpenEntry& entry, Instant now) {
  const TcpSettings& options = *entry.options;
  // How long it waits is for the listener to say, which may have changed its mind (as Linux).
  const HalfOpen::Due due = entry.state.on_timer(*find(entry.listener)->listener->options, now);
  if (due == HalfOpen::Due::syn_ack) {
    ++counters_[Counter::TcpExtTCPTimeouts];
    reply(entry.tuple, entry.state.syn_ack(options, now), options);
  }
  if (due != HalfOpen::Due::forget) return wheel_.schedule(entry, entry.state.deadline());
  ++counters_[Counter::TcpAttemptFails];
  if (options.reset_half_open) reply(entry.tuple, entry.state.reset());
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
