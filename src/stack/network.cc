#include "stack/network.h"

#include <algorithm>

#include "packet/transport_checksum.h"
#include "wire/ethernet.h"

namespace leat {

struct Network::Interface {
  explicit Interface(const InterfaceConfig& c) : config(c) {}

  InterfaceConfig config;
  InterfaceId id = 0;
  RingDeque<Packet> ready;    ///< complete frames, perhaps super-segments
  SegmentSplitter splitter;   ///< the frame that is being handed over
};

Network::Network(Random& random, Counters& counters, BufferPool& pool)
    : counters_(counters), pool_(pool), next_id_(static_cast<std::uint16_t>(random.next32())) {}
Network::~Network() = default;

expected<InterfaceId, Error> Network::add(const InterfaceConfig& config) {
  if (config.addresses.empty() || config.mtu < 68 || config.mtu > config.caps.mtu) {
    return unexpected(Error::invalid_argument);
  }
  interfaces_.push_back(std::make_unique<Interface>(config));
  interfaces_.back()->id = static_cast<InterfaceId>(interfaces_.size());
  return interfaces_.back()->id;
}

const InterfaceConfig* Network::interface(InterfaceId id) const {
  return id == 0 || id > interfaces_.size() ? nullptr : &interfaces_[id - 1]->config;
}

bool Network::is_local(const IpAddress& address) const {
  for (const auto& interface : interfaces_) {
    for (const IpPrefix& own : interface->config.addresses) {
      if (own.address == address) return true;
    }
  }
  return false;
}

// Up.

std::optional<Arrival> Network::receive(InterfaceId id, Packet packet, Instant now) {
  Interface& interface = at(id);
  if (interface.config.caps.has_link_layer) {
    std::optional<Packet> datagram = receive_link(interface, std::move(packet), now);
    if (!datagram) return std::nullopt;
    packet = std::move(*datagram);
  }
  ++counters_[Counter::IpInReceives];
  static_cast<void>(packet.linearize(std::min<std::size_t>(packet.size(), Ipv4Header::kMaxSize), pool_));
  const expected<Ipv4Header, DropReason> header = Ipv4Header::parse(packet.front(), packet.size());
  if (!header) {
    ++counters_[Counter::IpInHdrErrors];
    drop(header.error());
    return std::nullopt;
  }
  Arrival arrival;
  arrival.ip = *header;
  arrival.interface = id;
  packet.truncate(header->total_length);
  packet.remove_front(header->header_length);
  arrival.payload = std::move(packet);
  if (header->protocol == IpProtocol::tcp) return arrival;
  return std::nullopt;
}

std::optional<Packet> Network::receive_link(Interface& interface, Packet packet, Instant now) {
  static_cast<void>(now);
  if (!packet.linearize(EthernetHeader::kSize, pool_)) {
    drop(DropReason::PKT_TOO_SMALL);
    return std::nullopt;
  }
  const std::optional<EthernetHeader> header = EthernetHeader::parse(packet.front());
  if (!header->destination.is_multicast() && header->destination != interface.config.mac) {
    drop(DropReason::OTHERHOST);
    return std::nullopt;
  }
  if (header->is_llc()) {
    ++counters_[Counter::EthInLlc];
    drop(DropReason::LLC);
    return std::nullopt;
  }
  packet.remove_front(EthernetHeader::kSize);
  if (header->ether_type() == EtherType::ipv4) return packet;
  ++counters_[Counter::EthInUnknown];
  drop(DropReason::UNHANDLED_PROTO);
  return std::nullopt;
}

// Down.

expected<Network::Path, Error> Network::path_to(const IpAddress& destination) const {
  for (const auto& interface : interfaces_) {
    for (const IpPrefix& own : interface->config.addresses) {
      if (own.contains(destination)) return Path{interface->id, destination, own.address};
    }
  }
  return unexpected(Error::network_unreachable);
}

void Network::send(Packet packet, Ipv4Header ip, Instant now) {
  static_cast<void>(now);
  const expected<Path, Error> path = path_to(ip.destination);
  if (!path) return;
  Interface& interface = at(path->interface);
  ip.total_length = static_cast<std::uint16_t>(Ipv4Header::kSize + packet.size());
  ip.dont_fragment = true;
  ip.id = next_id_++;
  const std::size_t transport = packet.offload.header_length;
  ip.write(packet.push_front(Ipv4Header::kSize));
  packet.offload.checksum_start = static_cast<std::uint16_t>(Ipv4Header::kSize);
  packet.offload.header_length = static_cast<std::uint16_t>(Ipv4Header::kSize + transport);
  if (packet.offload.gso_size == 0) packet.offload.header_length = 0;
  queue(interface, std::move(packet));
}

void Network::queue(Interface& interface, Packet packet) {
  if (interface.ready.size() >= kQueueLimit) {
    ++counters_[Counter::IpOutDiscards];
    drop(DropReason::QUEUE_FULL);
    return;
  }
  interface.ready.push_back(std::move(packet));
}

bool Network::fill(InterfaceId id, PacketBatch& out) {
  Interface& interface = at(id);
  const DeviceCaps& caps = interface.config.caps;
  while (!out.full()) {
    if (interface.splitter.is_done()) {
      if (interface.ready.empty()) return false;
      Packet packet = interface.ready.pop_front();
      const bool takes_it_whole = caps.completes_checksums && (packet.offload.gso_size == 0 || caps.max_super_segment > 0);
      if (takes_it_whole) {
        out.push(std::move(packet));
        continue;
      }
      const SplitOptions options{caps.has_link_layer ? EthernetHeader::kSize : 0, caps.completes_checksums};
      if (!interface.splitter.start(std::move(packet), options, pool_)) {
        drop(DropReason::NOMEM);
        continue;
      }
    }
    if (interface.splitter.fill(out, pool_) == SplitResult::no_buffer) return true;
  }
  return true;
}

Instant Network::next_deadline() const { return kNever; }
void Network::run_timers(Instant) {}

std::optional<FourTuple> Network::next_unreachable() {
  if (unreachable_.empty()) return std::nullopt;
  return unreachable_.pop_front();
}

}  // namespace leat
