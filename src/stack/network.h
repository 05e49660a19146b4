// Network: the interfaces of a Stack and everything between a frame and a transport segment: Ethernet, ARP,
// IPv4, ICMP echo, routes. Hands TCP segments up, takes them down, and keeps what waits for a device.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "base/ring.h"
#include "leat/counters.h"
#include "packet/segment_split.h"
#include "stack/stack.h"
#include "tcp/four_tuple.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace leat {

/// A datagram for us, its IP header taken off.
struct Arrival {
  Ipv4Header ip;
  Packet payload;  ///< begins with the transport header; no padding behind it
  InterfaceId interface = 0;
};

class Network {
 public:
  /// Packets that may wait for one device, and for a stack that polls another one.
  static constexpr std::size_t kQueueLimit = 1024;
  /// In front of a transport header: IP and Ethernet, and a little more.
  static constexpr std::size_t kHeadroom = 64;

  Network(Random& random, Counters& counters, BufferPool& pool);
  ~Network();

  expected<InterfaceId, Error> add(const InterfaceConfig& config);
  const InterfaceConfig* interface(InterfaceId id) const;
  std::size_t size() const { return interfaces_.size(); }
  bool is_local(const IpAddress& address) const;

  /// Everything that is not TCP for us is dealt with here.
  std::optional<Arrival> receive(InterfaceId id, Packet packet, Instant now);

  struct Path {
    InterfaceId interface = 0;
    IpAddress next_hop;
    IpAddress source;
  };
  /// How to reach `destination`; network_unreachable when no route leads there.
  expected<Path, Error> path_to(const IpAddress& destination) const;

  /// Sends a transport packet whose first slice has kHeadroom in front. Its checksum field holds the
  /// pseudo-header's sum. `ip` gives addresses, protocol and TOS.
  void send(Packet packet, Ipv4Header ip, Instant now);

  /// Packets that wait for the device of `id`, split to what it takes. True when `out` is full.
  bool fill(InterfaceId id, PacketBatch& out);

  /// ARP's deadlines; run_timers may queue requests and give up neighbours.
  Instant next_deadline() const;
  void run_timers(Instant now);
  /// TCP segments of ours that were dropped because the next hop does not answer.
  std::optional<FourTuple> next_unreachable();

 private:
  struct Interface;

  Interface& at(InterfaceId id) { return *interfaces_[id - 1]; }
  std::optional<Packet> receive_link(Interface& interface, Packet packet, Instant now);
  void receive_arp(Interface& interface, Packet& packet, Instant now);
  void receive_icmp(Arrival& arrival, Instant now);
  void queue(Interface& interface, Packet packet);
  void frame(Interface& interface, Packet& packet, const MacAddress& to, EtherType type) const;
  void resolve_and_queue(Interface& interface, const IpAddress& next_hop, Packet packet, Instant now);
  void drop(DropReason reason) { ++counters_[reason]; }

  Counters& counters_;
  BufferPool& pool_;
  std::vector<std::unique_ptr<Interface>> interfaces_;
  RingDeque<FourTuple> unreachable_;
  std::uint16_t next_id_;
};

}  // namespace leat
