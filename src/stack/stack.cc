#include "stack/stack.h"

#include <array>

#include "packet/transport_checksum.h"
#include "stack/joined_segment.h"
#include "stack/network.h"
#include "stack/tcp_sockets.h"

namespace leat {

class Stack::Impl {
 public:
  Impl(const StackConfig& config, BufferPool& buffers)
      : random(config.seed),
        drops(counters),
        pool(buffers),
        network(random, counters, drops, pool),
        tcp(config.tcp, random, counters, drops, pool) {}

  void receive(InterfaceId interface, Packet& packet, Instant now);
  bool receive_tcp(const Arrival& arrival, Packet& packet, const FrameLead& lead, Instant now);
  void deliver_joined(bool more_follow, Instant now);
  void judge(std::size_t packets, std::optional<DropReason> drop);
  InterfaceId send_tcp(OutgoingSegment& out, Instant now);
  PathFacts path_facts(InterfaceId id) const;
  expected<RouteDecision, Error> path_for_connecting(const IpAddress& to) const;
  std::uint32_t mtu_to(const Endpoint& remote) const;

  Random random;
  Counters counters;
  DropLog drops;
  std::array<PacketVerdict, PacketBatch::kCapacity> verdicts;
  std::size_t judged = 0;
  JoinedSegment joined;
  BufferPool& pool;
  Network network;
  TcpSockets tcp;
};

Stack::Stack(const StackConfig& config, BufferPool& pool) : impl_(std::make_unique<Impl>(config, pool)) {}
Stack::~Stack() = default;

expected<InterfaceId, Error> Stack::add_interface(const InterfaceConfig& config) {
  if (config.caps.shares_host_address) impl_->tcp.ports_in_use().enable();
  return impl_->network.add(config);
}

bool Stack::add_address(InterfaceId interface, const IpPrefix& address) {
  return impl_->network.add_address(interface, address);
}
bool Stack::is_local(const IpAddress& address) const { return impl_->network.is_local(address); }

void Stack::announce(InterfaceId interface, Instant now) {
  if (impl_->network.interface(interface) != nullptr) impl_->network.announce(interface, now);
}
std::optional<AddressConflict> Stack::next_address_conflict() { return impl_->network.next_address_conflict(); }

// Up.

void Stack::receive(InterfaceId interface, PacketBatch& batch, Instant now) {
  impl_->judged = 0;
  for (Packet& packet : batch.packets()) impl_->receive(interface, packet, now);
  impl_->deliver_joined(false, now);
  batch.clear();
}

void Stack::Impl::receive(InterfaceId interface, Packet& packet, Instant now) {
  if (joined.append(interface, packet)) {
    ++counters[Counter::IpInReceives];
    ++counters[Counter::IpInDelivers];
    return;
  }
  const FrameLead lead(packet, interface, network.link_header(interface));
  const std::optional<Arrival> arrival = network.receive(interface, packet, now);
  if (arrival && receive_tcp(*arrival, packet, lead, now)) return;
  const std::optional<DropReason> drop = drops.take_verdict();
  deliver_joined(false, now);
  while (const std::optional<IcmpError> error = network.next_icmp_error()) tcp.on_icmp_error(*error, now);
  const std::optional<DropReason> of_error = drops.take_verdict();
  judge(1, drop ? drop : of_error);
}

/// False when the packet is not a segment that TCP will see; what is in `joined` will be judged when it was delivered.
bool Stack::Impl::receive_tcp(const Arrival& arrival, Packet& packet, const FrameLead& lead, Instant now) {
  const auto refuse = [&](DropReason reason) {
    ++counters[Counter::TcpInErrs];
    drops.arrived(reason);
    return false;
  };
  if (packet.size() < TcpHeader::kSize) return refuse(DropReason::PKT_TOO_SMALL);
  if (!packet.linearize(TcpHeader::kSize, pool)) return refuse(DropReason::NOMEM);
  const std::size_t header_length = (packet.front()[12] >> 4) * std::size_t{4};
  if (header_length < TcpHeader::kSize || header_length > packet.size()) return refuse(DropReason::TCP_HDR);
  if (!packet.linearize(header_length, pool)) return refuse(DropReason::NOMEM);
  const TransportSpan span{arrival.ip.source, arrival.ip.destination, IpProtocol::tcp, 0, packet.size()};
  if (!has_good_checksum(packet, span)) {
    ++counters[Counter::TcpInCsumErrors];
    return refuse(DropReason::TCP_CSUM);
  }
  const TcpPacket next{arrival.ip, header_length, packet};
  deliver_joined(!joined.empty() && joined.is_of(next), now);
  return joined.begin(next, lead) || refuse(DropReason::TCP_HDR);
}

/// `more_follow`: of the same connection.
void Stack::Impl::deliver_joined(bool more_follow, Instant now) {
  if (joined.empty()) return;
  joined.segment().more_follow = more_follow;
  tcp.on_segment(joined.tuple(), joined.segment(), path_facts(joined.interface()), now);
  judge(joined.packets(), drops.take_verdict());
  joined.clear();
}

void Stack::Impl::judge(std::size_t packets, std::optional<DropReason> drop) {
  for (; packets > 0; --packets) verdicts[judged++].drop = drop;
}

PathFacts Stack::Impl::path_facts(InterfaceId id) const {
  const InterfaceConfig* interface = network.interface(id);
  return {interface->mtu, interface->caps.max_super_segment, id};
}

/// 0 where no route leads.
std::uint32_t Stack::Impl::mtu_to(const Endpoint& remote) const {
  const auto path = network.path_to(remote.address);
  return path ? network.interface(path->interface)->mtu : 0;
}

// Down.

bool Stack::transmit(InterfaceId interface, PacketBatch& out, Instant now) {
  if (impl_->network.interface(interface) == nullptr) return false;
  impl_->network.run_timers(now);
  impl_->tcp.run_timers(now);
  while (std::optional<FourTuple> lost = impl_->network.next_unreachable()) {
    impl_->tcp.on_unreachable(*lost, Error::host_unreachable);
  }
  OutgoingSegment segment;
  while (!impl_->network.fill(interface, out)) {
    if (!impl_->tcp.poll_transmit(segment, interface, now)) return false;
    const InterfaceId taken = impl_->send_tcp(segment, now);
    if (taken != interface && taken != 0 && segment.socket) impl_->tcp.reroute(segment.socket, taken);
  }
  return true;
}

/// Returns the interface that it leaves by; 0 when it does not leave.
InterfaceId Stack::Impl::send_tcp(OutgoingSegment& out, Instant now) {
  const SegmentOut& segment = out.segment;
  const std::size_t options_length = segment.options.encoded_size();
  TcpHeader header;
  header.source_port = out.tuple.local.port;
  header.destination_port = out.tuple.remote.port;
  header.seq = segment.seq;
  header.ack = segment.ack;
  header.flags = segment.flags;
  header.window = segment.window;
  header.urgent = segment.urgent;
  header.header_length = static_cast<std::uint8_t>(TcpHeader::kSize + options_length);

  Slice bytes = pool.allocate(BufferClass::header, Network::kHeadroom, header.header_length);
  if (!bytes) {
    drops.other(DropReason::NOMEM);
    return 0;
  }
  ChecksumAccumulator pseudo;
  pseudo.add_pseudo_header(out.tuple.local.address, out.tuple.remote.address,
                           static_cast<std::uint8_t>(IpProtocol::tcp), header.header_length + segment.length);
  header.checksum = pseudo.fold();
  header.write(bytes.mutable_bytes());
  segment.options.encode(bytes.mutable_bytes().subspan(TcpHeader::kSize));

  Packet packet(std::move(bytes));
  for (std::size_t i = 0; i < segment.slices; ++i) packet.append(std::move(out.segment.payload[i]));
  packet.note = segment.note;
  packet.offload.checksum = ChecksumState::partial;
  packet.offload.checksum_offset = TcpHeader::kChecksumOffset;
  if (segment.gso_size > 0) {
    packet.offload.gso_size = segment.gso_size;
    packet.offload.header_length = header.header_length;
  }
  Ipv4Sending sending;
  sending.source = out.tuple.local.address;
  sending.destination = out.tuple.remote.address;
  sending.tos = out.tos;
  sending.ttl = out.ttl;
  return network.send(std::move(packet), sending, now, segment.evidence);
}

bool Stack::has_output(InterfaceId interface) const {
  if (impl_->network.interface(interface) == nullptr) return false;
  return impl_->network.has_output(interface) || impl_->tcp.has_output(interface);
}

Instant Stack::next_timer() const { return std::min(impl_->tcp.next_timer(), impl_->network.next_timer()); }

Instant Stack::next_deadline() const {
  for (InterfaceId id = 1; impl_->network.interface(id) != nullptr; ++id) {
    if (has_output(id)) return Instant::min();
  }
  return next_timer();
}

std::optional<Event> Stack::next_event() { return impl_->tcp.next_event(); }

// Sockets.

expected<RouteDecision, Error> Stack::Impl::path_for_connecting(const IpAddress& to) const {
  if (to.family == IpFamily::none || to.is_multicast() || to.is_unspecified() || to.is_limited_broadcast()) {
    return unexpected(Error::invalid_argument);
  }
  if (!to.is_v4()) return unexpected(Error::unsupported);
  const expected<RouteDecision, Error> path = network.path_to(to);
  // Without a loopback interface nothing brings back what is for our own addresses.
  const bool loops_back = path && network.interface(path->interface)->caps.carries_own();
  if (network.is_local(to) && !loops_back) return unexpected(Error::host_unreachable);
  return path;
}

expected<OutgoingPath, Error> Stack::path_to(const IpAddress& remote) const {
  const expected<RouteDecision, Error> path = impl_->path_for_connecting(remote);
  if (!path) return unexpected(path.error());
  return OutgoingPath{path->interface, path->source};
}

expected<SocketHandle, Error> Stack::connect(const ConnectRequest& request, Instant now) {
  const expected<RouteDecision, Error> path = impl_->path_for_connecting(request.remote.address);
  if (!path) return unexpected(path.error());
  FourTuple tuple{{request.local_address.value_or(path->source), request.local_port}, request.remote};
  if (!impl_->network.is_local(tuple.local.address)) return unexpected(Error::address_not_available);
  PathFacts facts = impl_->path_facts(path->interface);
  if (request.mtu) facts.mtu = std::min(facts.mtu, *request.mtu);
  return impl_->tcp.connect({tuple, facts, request}, now);
}

expected<void, Error> Stack::send_echo(const EchoRequest& request, Instant now) {
  const expected<RouteDecision, Error> path = impl_->path_for_connecting(request.destination);
  if (!path) return unexpected(path.error());
  EchoRequest out = request;
  if (out.source.family == IpFamily::none) out.source = path->source;
  if (!impl_->network.is_local(out.source)) return unexpected(Error::address_not_available);
  return impl_->network.send_echo(out, now);
}

std::optional<EchoReply> Stack::next_echo_reply() { return impl_->network.next_echo_reply(); }

expected<SocketHandle, Error> Stack::listen(const Endpoint& local, unsigned backlog,
                                            const std::optional<TcpSettings>& options) {
  if (!local.address.is_unspecified() && !impl_->network.is_local(local.address)) {
    return unexpected(Error::address_not_available);
  }
  return impl_->tcp.listen(local, backlog, options);
}

expected<SocketHandle, Error> Stack::listen(SocketHandle bound, unsigned backlog,
                                            const std::optional<TcpSettings>& options) {
  return impl_->tcp.listen(bound, backlog, options);
}

expected<SocketHandle, Error> Stack::bind(const Endpoint& local, const PortSharing& sharing) {
  if (!local.address.is_unspecified() && !impl_->network.is_local(local.address)) {
    return unexpected(Error::address_not_available);
  }
  return impl_->tcp.bind(local, sharing);
}

expected<void, Error> Stack::set_backlog(SocketHandle listener, unsigned backlog) {
  return impl_->tcp.set_backlog(listener, backlog);
}
expected<void, Error> Stack::set_sharing(SocketHandle socket, const PortSharing& sharing) {
  return impl_->tcp.set_sharing(socket, sharing);
}

expected<TcpSettings, Error> Stack::options(SocketHandle socket) const { return impl_->tcp.options(socket); }
expected<void, Error> Stack::set_options(SocketHandle socket, const TcpSettings& options, Instant now) {
  return impl_->tcp.set_options(socket, options, now);
}
expected<void, Error> Stack::set_quick_ack(SocketHandle socket, bool quick, Instant) {
  return impl_->tcp.set_quick_ack(socket, quick);
}

expected<void, Error> Stack::end_record(SocketHandle socket) { return impl_->tcp.end_record(socket); }

expected<void, Error> Stack::push_pending(SocketHandle socket, Instant) { return impl_->tcp.push_pending(socket); }

expected<SocketHandle, Error> Stack::accept(SocketHandle listener) { return impl_->tcp.accept(listener); }

expected<std::size_t, Error> Stack::read(SocketHandle socket, MutableBytes out, Instant) {
  return impl_->tcp.read(socket, out);
}
expected<std::size_t, Error> Stack::view(SocketHandle socket, std::span<Bytes> pieces) {
  return impl_->tcp.view(socket, pieces);
}
expected<std::size_t, Error> Stack::consume(SocketHandle socket, std::size_t n, Instant) {
  return impl_->tcp.consume(socket, n);
}
expected<void, Error> Stack::write_borrowed(SocketHandle socket, Bytes data, Release release, Instant) {
  return impl_->tcp.write_borrowed(socket, data, release);
}
expected<MutableBytes, Error> Stack::prepare(SocketHandle socket, std::size_t wanted) {
  return impl_->tcp.prepare(socket, wanted);
}
expected<void, Error> Stack::commit(SocketHandle socket, std::size_t n, Instant) {
  return impl_->tcp.commit(socket, n);
}
expected<std::size_t, Error> Stack::write(SocketHandle socket, Bytes data, Instant) {
  return impl_->tcp.write(socket, data);
}
expected<std::size_t, Error> Stack::write_more(SocketHandle socket, Bytes data, Instant) {
  return impl_->tcp.write(socket, data, &TcpConnection::write_more);
}
expected<std::size_t, Error> Stack::write_urgent(SocketHandle socket, Bytes data, Instant) {
  return impl_->tcp.write(socket, data, &TcpConnection::write_urgent);
}
expected<std::size_t, Error> Stack::read_urgent(SocketHandle socket, std::uint8_t& byte, bool take) {
  return impl_->tcp.read_urgent(socket, byte, take);
}

expected<std::size_t, Error> Stack::peek(SocketHandle socket, std::size_t offset, MutableBytes out) const {
  const expected<const TcpConnection*, Error> connection = impl_->tcp.connection(socket);
  if (!connection) return unexpected(connection.error());
  return (*connection)->peek(offset, out);
}
expected<bool, Error> Stack::at_mark(SocketHandle socket) const {
  const expected<const TcpConnection*, Error> connection = impl_->tcp.connection(socket);
  if (!connection) return unexpected(connection.error());
  return (*connection)->report().at_mark();
}
expected<QueuedBytes, Error> Stack::queued(SocketHandle socket) const {
  const expected<const TcpConnection*, Error> connection = impl_->tcp.connection(socket);
  if (!connection) return unexpected(connection.error());
  return (*connection)->report().queued();
}
expected<void, Error> Stack::shutdown_write(SocketHandle socket, Instant) { return impl_->tcp.shutdown_write(socket); }
expected<void, Error> Stack::close(SocketHandle socket, Instant now) { return impl_->tcp.close(socket, now); }
expected<void, Error> Stack::abort(SocketHandle socket, Instant now) { return impl_->tcp.abort(socket, now); }
void Stack::abort_all(Instant) { impl_->tcp.abort_all(); }

std::uint16_t Stack::readiness(SocketHandle socket) const { return impl_->tcp.readiness(socket); }
Error Stack::error(SocketHandle socket) const { return impl_->tcp.error(socket); }

expected<TcpInfo, Error> Stack::info(SocketHandle socket) const {
  expected<TcpInfo, Error> info = impl_->tcp.info(socket);
  const expected<FourTuple, Error> tuple = impl_->tcp.tuple(socket);
  if (info && tuple) info->pmtu = impl_->mtu_to(tuple->remote);
  return info;
}

expected<Endpoint, Error> Stack::local(SocketHandle socket) const {
  const expected<FourTuple, Error> tuple = impl_->tcp.tuple(socket);
  if (!tuple) return unexpected(tuple.error());
  return tuple->local;
}

expected<Endpoint, Error> Stack::remote(SocketHandle socket) const {
  const expected<FourTuple, Error> tuple = impl_->tcp.tuple(socket);
  if (!tuple) return unexpected(tuple.error());
  if (tuple->remote.port == 0) return unexpected(Error::not_connected);
  return tuple->remote;
}

std::span<const PacketVerdict> Stack::verdicts() const { return std::span(impl_->verdicts).first(impl_->judged); }

bool Stack::is_port_used(std::uint16_t port) const { return impl_->tcp.ports_in_use().is_used(port); }
std::optional<std::uint16_t> Stack::next_unused_port() { return impl_->tcp.ports_in_use().next_unused(); }

const Counters& Stack::counters() const { return impl_->counters; }

Stack::Population Stack::population() const {
  const TcpSockets& tcp = impl_->tcp;
  return {tcp.connections(), tcp.listeners(), tcp.half_open(),
          tcp.time_waits(),  tcp.orphans(),   impl_->network.neighbours()};
}

MemoryInfo Stack::memory() const {
  MemoryInfo info = impl_->pool.info();
  const Population all = population();
  info.connections = all.connections, info.orphans = all.orphans, info.listeners = all.listeners;
  info.half_open = all.half_open, info.time_wait = all.time_wait, info.neighbours = all.neighbours;
  return info;
}

std::vector<SocketInfo> Stack::sockets() const {
  std::vector<SocketInfo> sockets = impl_->tcp.sockets();
  for (SocketInfo& socket : sockets) socket.tcp.pmtu = impl_->mtu_to(socket.remote);
  return sockets;
}

}  // namespace leat
