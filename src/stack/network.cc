#include "stack/network.h"

#include <algorithm>

#include "ip/arp_handler.h"
#include "ip/icmp.h"
#include "packet/segment_split.h"
#include "packet/transport_checksum.h"
#include "wire/ethernet.h"
#include "wire/tcp.h"
#include "wire/udp.h"

namespace leat {

struct Network::Interface {
  Interface(const InterfaceConfig& c, InterfaceId i) : config(c), id(i), arp(c.mac) {}

  InterfaceConfig config;
  InterfaceId id;
  InterfaceAddresses addresses;
  ArpHandler arp;
  RingDeque<Packet, true> ready;  ///< complete frames, also super-segments
  SegmentSplitter splitter;       ///< splits the packet that is being handed over
  MacAddress rival;               ///< the station that had one of our addresses last
  Instant rival_at = kNever;      ///< when the application was told
};

Network::Network(Random& random, Counters& counters, DropLog& drops, BufferPool& pool)
    : counters_(counters),
      drops_(drops),
      pool_(pool),
      icmp_limiter_(random.derive_key()),
      datagram_ids_(random.derive_key()) {}
Network::~Network() = default;

expected<InterfaceId, Error> Network::add(const InterfaceConfig& config) {
  constexpr std::uint32_t kLeastMtu = 68;  // RFC 791: every host forwards that much
  if (config.addresses.empty() || config.mtu < kLeastMtu || config.mtu > config.caps.mtu) {
    return unexpected(Error::invalid_argument);
  }
  const InterfaceId id = static_cast<InterfaceId>(interfaces_.size() + 1);
  auto interface = std::make_unique<Interface>(config, id);
  interface->addresses.set_carries_own(config.caps.carries_own());
  for (const IpPrefix& address : config.addresses) {
    if (!address.address.is_v4()) return unexpected(Error::unsupported);
    if (!interface->addresses.add(address)) return unexpected(Error::invalid_argument);
  }
  if (!add_routes(config, id)) {
    routes_.remove_interface(id);
    return unexpected(Error::invalid_argument);
  }
  interfaces_.push_back(std::move(interface));
  for (const IpPrefix& address : config.addresses) loop_back(id, address.address);
  return id;
}

/// Makes an address of interface `id` local on the loopback interface too, and routes it there.
void Network::loop_back(InterfaceId id, const IpAddress& address) {
  if (at(id).config.caps.carries_own()) return;
  for (const std::unique_ptr<Interface>& interface : interfaces_) {
    if (!interface->config.caps.loops_back) continue;
    interface->addresses.add({address, 32});
    routes_.add({{address, 32}, interface->id, std::nullopt, address});
  }
}

bool Network::add_routes(const InterfaceConfig& config, InterfaceId id) {
  const IpAddress& source = config.addresses.front().address;
  for (const IpPrefix& address : config.addresses) routes_.add_connected(id, address);
  if (config.caps.kernel_routes()) return routes_.add({{IpAddress::any_v4(), 0}, id, std::nullopt, source});
  if (!config.gateway || routes_.add_default(id, *config.gateway)) return true;
  // The kernel may have a router outside all of its subnets.
  return config.caps.shares_host_address && routes_.add({{*config.gateway, 32}, id, std::nullopt, source}) &&
         routes_.add_default(id, *config.gateway);
}

bool Network::add_address(InterfaceId id, const IpPrefix& address) {
  if (interface(id) == nullptr || !address.address.is_v4() || !at(id).addresses.add(address)) return false;
  loop_back(id, address.address);
  return routes_.add_connected(id, address);
}

const InterfaceConfig* Network::interface(InterfaceId id) const {
  return id == 0 || id > interfaces_.size() ? nullptr : &at(id).config;
}

std::size_t Network::link_header(InterfaceId id) const {
  return at(id).config.caps.has_link_layer ? EthernetHeader::kSize : 0;
}

bool Network::is_local(const IpAddress& address) const {
  return std::any_of(interfaces_.begin(), interfaces_.end(),
                     [&](const auto& interface) { return interface->addresses.is_local(address); });
}

// Up.

namespace {

/// The reason why the first `wanted` bytes are not in one piece.
DropReason cut_off(const Packet& packet, std::size_t wanted) {
  return packet.size() < wanted ? DropReason::PKT_TOO_SMALL : DropReason::NOMEM;
}

/// The counter of a datagram that accept_ipv4 refused with `why`.
Counter counter_of(DropReason why) {
  switch (why) {
    case DropReason::IP_INADDRERRORS:
    case DropReason::IP_INVALID_SOURCE:
    case DropReason::UNICAST_IN_L2_MULTICAST: return Counter::IpInAddrErrors;
    case DropReason::IP_FRAGMENT:
    case DropReason::NOMEM: return Counter::IpInDiscards;
    default: return Counter::IpInHdrErrors;
  }
}

}  // namespace

std::optional<Arrival> Network::receive(InterfaceId id, Packet& packet, Instant now) {
  Interface& interface = at(id);
  if (!interface.config.caps.has_link_layer) return receive_ipv4(interface, packet, false, now);

  if (!packet.linearize(EthernetHeader::kSize, pool_)) {
    drops_.arrived(cut_off(packet, EthernetHeader::kSize));
    return std::nullopt;
  }
  const std::optional<EthernetHeader> header = EthernetHeader::parse(packet.front());
  const bool to_group = header->destination.is_multicast();
  if (!to_group && header->destination != interface.config.mac) {
    drops_.arrived(DropReason::OTHERHOST);
  } else if (header->is_llc()) {
    ++counters_[Counter::EthInLlc];
    drops_.arrived(DropReason::LLC);
  } else if (header->ether_type() == EtherType::ipv4) {
    remove_header(packet, EthernetHeader::kSize);
    return receive_ipv4(interface, packet, to_group, now);
  } else if (header->ether_type() == EtherType::arp) {
    remove_header(packet, EthernetHeader::kSize);
    receive_arp(interface, packet, now);
  } else {
    ++counters_[Counter::EthInUnknown];
    drops_.arrived(DropReason::UNHANDLED_PROTO);
  }
  return std::nullopt;
}

void Network::receive_arp(Interface& interface, Packet& packet, Instant now) {
  const bool whole = packet.size() >= ArpPacket::kSize;
  if (whole && !packet.linearize(ArpPacket::kSize, pool_)) return drops_.arrived(DropReason::NOMEM);
  std::optional<ArpPacket> arp;
  if (whole) arp = ArpPacket::parse(packet.front());
  if (!arp) return drops_.arrived(DropReason::ARP_HDR);
  ++counters_[arp->operation == ArpOperation::request ? Counter::ArpInRequests : Counter::ArpInReplies];
  const bool question = arp->operation == ArpOperation::request;
  if (question && interface.config.caps.shares_host_address) return;  // the kernel answers
  const ArpInput result = interface.arp.receive(*arp, interface.addresses, now);
  if (result.address_conflict) on_address_conflict(interface, *arp, now);
  if (result.drop) drops_.arrived(*result.drop);
  flush_neighbours(interface);
}

void Network::on_address_conflict(Interface& interface, const ArpPacket& arp, Instant now) {
  constexpr Duration kPause = std::chrono::minutes(1);
  ++counters_[Counter::ArpConflicts];
  const bool told = interface.rival == arp.sender_mac && now - interface.rival_at < kPause;
  if (told) return;
  interface.rival = arp.sender_mac;
  interface.rival_at = now;
  conflict_ = AddressConflict{interface.id, arp.sender_ip, arp.sender_mac};
}

void Network::announce(InterfaceId id, Instant now) {
  Interface& interface = at(id);
  const DeviceCaps& caps = interface.config.caps;
  if (!caps.has_link_layer || caps.shares_host_address) return;
  for (const IpPrefix& address : interface.addresses.all()) interface.arp.announce(address.address, now);
  flush_neighbours(interface);
}

std::optional<Arrival> Network::receive_ipv4(Interface& interface, Packet& packet, bool link_group, Instant now) {
  ++counters_[Counter::IpInReceives];
  const expected<Ipv4Arrival, DropReason> arrival = accept_ipv4(packet, interface.addresses, link_group, pool_);
  if (!arrival) {
    const DropReason why = arrival.error();
    ++counters_[counter_of(why)];
    drops_.arrived(why);
    return std::nullopt;
  }
  switch (arrival->header.protocol) {
    case IpProtocol::tcp: {
      ++counters_[Counter::IpInDelivers];
      if (arrival->audience != Ipv4Audience::us) {  // RFC 9293 §3.9.2.3: TCP is between two hosts
        drops_.arrived(DropReason::IP_INADDRERRORS);
        return std::nullopt;
      }
      remove_header(packet, arrival->header.header_length);
      return Arrival{arrival->header, interface.id};
    }
    case IpProtocol::icmp:
      ++counters_[Counter::IpInDelivers];
      receive_icmp(packet, *arrival, now);
      return std::nullopt;
    case IpProtocol::udp:
      ++counters_[Counter::IpInDelivers];
      receive_udp(interface, packet, *arrival, now);
      return std::nullopt;
  }
  ++counters_[Counter::IpInUnknownProtos];
  drops_.arrived(DropReason::IP_NOPROTO);
  complain(interface, packet, *arrival, IcmpUnreachable::protocol, now);
  return std::nullopt;
}

void Network::receive_icmp(Packet& packet, const Ipv4Arrival& arrival, Instant now) {
  ++counters_[Counter::IcmpInMsgs];
  const std::size_t start = arrival.header.header_length;
  const TransportSpan span{arrival.header.source, arrival.header.destination, IpProtocol::icmp, start,
                           packet.size() - start};
  std::optional<IcmpHeader> header;
  if (packet.linearize(start + IcmpHeader::kSize, pool_)) header = IcmpHeader::parse(packet.front().subspan(start));
  if (!header || !has_good_checksum(packet, span)) {
    ++counters_[Counter::IcmpInErrors];
    if (header) ++counters_[Counter::IcmpInCsumErrors];
    return drops_.arrived(header ? DropReason::ICMP_CSUM : cut_off(packet, start + IcmpHeader::kSize));
  }
  if (header->is_error()) return receive_icmp_error(packet, start);
  if (header->type == IcmpType::echo_reply) return receive_echo_reply(packet, arrival, *header);
  if (!header->is_echo_request()) return drops_.arrived(DropReason::UNHANDLED_ICMP);
  ++counters_[Counter::IcmpInEchos];
  std::optional<IcmpOutput> reply = make_echo_reply(std::move(packet), arrival, pool_);
  const bool is_for_us = arrival.audience == Ipv4Audience::us;
  if (!reply) return drops_.arrived(is_for_us ? DropReason::NOMEM : DropReason::INVALID_PROTO);
  ++counters_[Counter::IcmpOutMsgs];
  ++counters_[Counter::IcmpOutEchoReps];
  send(std::move(reply->message), reply->sending, now);
}

void Network::receive_echo_reply(const Packet& packet, const Ipv4Arrival& arrival, const IcmpHeader& header) {
  ++counters_[Counter::IcmpInEchoReps];
  bool expected_id = false;
  for (std::size_t i = 0; i < echo_ids_.size(); ++i) expected_id |= echo_ids_[i] == header.echo_id();
  if (!expected_id) return drops_.arrived(DropReason::UNHANDLED_ICMP);
  if (echo_replies_.size() >= kMostEchoReplies) return drops_.arrived(DropReason::QUEUE_FULL);
  EchoReply reply{arrival.header.source, header.echo_id(), header.echo_sequence(), arrival.header.ttl};
  const std::size_t start = arrival.header.header_length + IcmpHeader::kSize;
  reply.payload.resize(packet.size() - start);
  packet.copy_out(start, reply.payload);
  echo_replies_.push_back(std::move(reply));
}

expected<void, Error> Network::send_echo(const EchoRequest& request, Instant now) {
  const expected<RouteDecision, Error> path = path_to(request.destination);
  if (!path) return unexpected(path.error());
  const std::size_t size = Ipv4Header::kSize + IcmpHeader::kSize + request.payload.size();
  if (size > at(path->interface).config.mtu) return unexpected(Error::invalid_argument);
  std::optional<IcmpOutput> output = make_echo_request(request, pool_);
  if (!output) return unexpected(Error::no_buffers);
  bool known = false;
  for (std::size_t i = 0; i < echo_ids_.size(); ++i) known |= echo_ids_[i] == request.id;
  if (!known) echo_ids_.push_back(request.id);
  if (echo_ids_.size() > kMostEchoIds) static_cast<void>(echo_ids_.pop_front());
  ++counters_[Counter::IcmpOutMsgs];
  ++counters_[Counter::IcmpOutEchos];
  send(std::move(output->message), output->sending, now);
  return {};
}

std::optional<EchoReply> Network::next_echo_reply() {
  if (echo_replies_.empty()) return std::nullopt;
  return echo_replies_.pop_front();
}

void Network::receive_icmp_error(Packet& packet, std::size_t start) {
  constexpr std::size_t kMostWaiting = PacketBatch::kCapacity;
  constexpr std::size_t kLongestQuote = 60 + 8;  // an IP header with options, and ports and sequence number
  const std::size_t looked_at = std::min(packet.size(), start + IcmpHeader::kSize + kLongestQuote);
  std::optional<IcmpError> error;
  if (packet.linearize(looked_at, pool_)) error = parse_icmp_error(packet.front().subspan(start));
  if (!error) {
    ++counters_[Counter::IcmpInErrors];
    return drops_.arrived(DropReason::UNHANDLED_ICMP);
  }
  if (error->type == IcmpType::destination_unreachable) ++counters_[Counter::IcmpInDestUnreachs];
  if (error->type == IcmpType::time_exceeded) ++counters_[Counter::IcmpInTimeExcds];
  if (error->type == IcmpType::parameter_problem) ++counters_[Counter::IcmpInParmProbs];
  if (error->protocol != IpProtocol::tcp || icmp_errors_.size() >= kMostWaiting) {
    return drops_.arrived(DropReason::UNHANDLED_ICMP);
  }
  icmp_errors_.push_back(*error);
}

std::optional<IcmpError> Network::next_icmp_error() {
  if (icmp_errors_.empty()) return std::nullopt;
  return icmp_errors_.pop_front();
}

void Network::complain(Interface& interface, const Packet& packet, const Ipv4Arrival& arrival, IcmpUnreachable code,
                       Instant now) {
  if (interface.config.caps.shares_host_address) return;  // the kernel has the address too, and sends its own errors
  if (!may_send_icmp_error(packet, arrival, false, interface.addresses)) return;
  if (!icmp_limiter_.allow(arrival.header.source, now)) {
    ++counters_[Counter::IcmpOutRateLimitHost];
    return;
  }
  std::optional<IcmpOutput> error =
      make_icmp_error(packet, arrival, IcmpType::destination_unreachable, static_cast<std::uint8_t>(code), pool_);
  if (!error) return drops_.other(DropReason::NOMEM);
  ++counters_[Counter::IcmpOutMsgs];
  ++counters_[Counter::IcmpOutDestUnreachs];
  send(std::move(error->message), error->sending, now);
}

void Network::receive_udp(Interface& interface, Packet& packet, const Ipv4Arrival& arrival, Instant now) {
  const std::size_t start = arrival.header.header_length;
  const auto refuse = [&](DropReason why) {
    ++counters_[Counter::UdpInErrors];
    drops_.arrived(why);
  };
  if (!packet.linearize(start + UdpHeader::kSize, pool_)) return refuse(cut_off(packet, start + UdpHeader::kSize));
  const auto header = UdpHeader::parse(packet.front().subspan(start), packet.size() - start);
  if (!header) return refuse(DropReason::PKT_TOO_SMALL);  // a length that no datagram has (RFC 768)
  packet.truncate(start + header->length);
  const TransportSpan span{arrival.header.source, arrival.header.destination, IpProtocol::udp, start, header->length};
  if (header->checksum != 0 && !has_good_checksum(packet, span)) {
    ++counters_[Counter::UdpInCsumErrors];
    return refuse(DropReason::UDP_CSUM);
  }
  ++counters_[Counter::UdpNoPorts];
  drops_.arrived(DropReason::NO_SOCKET);
  complain(interface, packet, arrival, IcmpUnreachable::port, now);
}

// Down.

expected<RouteDecision, Error> Network::path_to(const IpAddress& destination) const {
  const expected<RouteDecision, Error> decision = routes_.lookup(destination);
  if (decision && decision->kind != DestinationKind::unicast) return unexpected(Error::invalid_argument);
  return decision;
}

InterfaceId Network::send(Packet&& packet, Ipv4Sending sending, Instant now, PathEvidence evidence) {
  ++counters_[Counter::IpOutRequests];
  const expected<RouteDecision, Error> path = path_to(sending.destination);
  if (!path) {
    ++counters_[Counter::IpOutNoRoutes];
    drops_.other(DropReason::IP_OUTNOROUTES);
    return 0;
  }
  Interface& interface = at(path->interface);
  sending.id = datagram_ids_.next(sending.source, sending.destination, sending.dont_fragment);
  if (!push_ipv4(packet, sending)) {
    ++counters_[Counter::IpOutDiscards];
    drops_.other(DropReason::NOMEM);
    return path->interface;
  }
  if (!interface.config.caps.has_link_layer) {
    queue(interface, std::move(packet));
    return path->interface;
  }

  NeighbourCache& neighbours = interface.arp.neighbours;
  if (evidence == PathEvidence::works) neighbours.confirm(path->next_hop, now);
  const bool asks = evidence == PathEvidence::silent && neighbours.doubt(path->next_hop, path->source, now);
  const NeighbourVerdict verdict = neighbours.send(path->next_hop, path->source, packet, now);
  drops_.other(DropReason::NEIGH_QUEUEFULL, verdict.displaced);
  if (verdict.outcome == NeighbourVerdict::Outcome::ready) {
    queue_frame(interface, std::move(packet), verdict.mac);
    if (asks) flush_neighbours(interface);
  } else {
    if (verdict.outcome == NeighbourVerdict::Outcome::dropped) drops_.other(DropReason::NEIGH_QUEUEFULL);
    flush_neighbours(interface);
  }
  return path->interface;
}

void Network::flush_neighbours(Interface& interface) {
  while (std::optional<ArpHandler::Output> output = interface.arp.next_output()) {
    const bool question = output->packet.operation == ArpOperation::request;
    ++counters_[question ? Counter::ArpOutRequests : Counter::ArpOutReplies];
    Packet frame = ArpHandler::make_frame(*output, pool_);
    if (frame.empty()) {
      drops_.other(DropReason::NOMEM);
    } else {
      queue(interface, std::move(frame));
    }
  }
  NeighbourCache& neighbours = interface.arp.neighbours;
  while (auto released = neighbours.next_released()) {
    queue_frame(interface, std::move(released->packet), released->mac);
  }
  while (std::optional<Packet> failed = neighbours.next_failed()) give_up(*failed);
  counters_[Counter::ArpFailures] += neighbours.take_failures();
}

void Network::give_up(const Packet& packet) {
  drops_.other(DropReason::NEIGH_FAILED);
  const expected<Ipv4Header, DropReason> ip = Ipv4Header::parse(packet.front(), packet.size());
  if (!ip || ip->protocol != IpProtocol::tcp) return;
  const std::optional<TcpHeader> tcp = TcpHeader::parse(packet.front().subspan(ip->header_length));
  if (!tcp) return;
  unreachable_.push_back({{ip->source, tcp->source_port}, {ip->destination, tcp->destination_port}});
}

void Network::queue_frame(Interface& interface, Packet&& packet, const MacAddress& to) {
  if (!push_ethernet(packet, make_ethernet(to, interface.config.mac, EtherType::ipv4))) {
    ++counters_[Counter::IpOutDiscards];
    return drops_.other(DropReason::NOMEM);
  }
  queue(interface, std::move(packet));
}

void Network::queue(Interface& interface, Packet&& packet) {
  if (interface.ready.size() >= kQueueLimit) {
    ++counters_[Counter::IpOutDiscards];
    return drops_.other(DropReason::QUEUE_FULL);
  }
  interface.ready.push_back(std::move(packet));
}

bool Network::fill(InterfaceId id, PacketBatch& out) {
  Interface& interface = at(id);
  const DeviceCaps& caps = interface.config.caps;
  const SplitOptions split{link_header(id), caps.completes_checksums};
  while (!out.full()) {
    if (interface.splitter.is_done()) {
      if (interface.ready.empty()) return false;
      Packet& first = interface.ready.front();
      const bool fits = first.offload.gso_size == 0 || first.size() - split.link_header <= caps.max_super_segment;
      if (caps.completes_checksums && fits) {
        out.push(interface.ready.pop_front());
        continue;
      }
      if (!interface.splitter.start(interface.ready.pop_front(), split, pool_)) {
        drops_.other(DropReason::NOMEM);
        continue;
      }
    }
    if (interface.splitter.fill(out, pool_) == SplitResult::no_buffer) {
      interface.splitter = {};  // drop the rest: waiting for memory might never end
      drops_.other(DropReason::NOMEM);
    }
  }
  return true;
}

// Time.

bool Network::has_output(InterfaceId id) const { return !at(id).ready.empty() || !at(id).splitter.is_done(); }

Instant Network::next_timer() const {
  Instant earliest = kNever;
  for (const auto& interface : interfaces_) {
    earliest = std::min(earliest, interface->arp.next_deadline());
  }
  return earliest;
}

std::size_t Network::neighbours() const {
  std::size_t n = 0;
  for (const auto& interface : interfaces_) n += interface->arp.neighbours.size();
  return n;
}

void Network::run_timers(Instant now) {
  for (const auto& interface : interfaces_) {
    if (interface->arp.next_deadline() > now) continue;
    interface->arp.run(now);
    flush_neighbours(*interface);
  }
}

std::optional<FourTuple> Network::next_unreachable() {
  if (unreachable_.empty()) return std::nullopt;
  return unreachable_.pop_front();
}

}  // namespace leat
