// Network holds the interfaces of a Stack and does all that lies between a frame and a transport segment: Ethernet,
// ARP, IPv4, ICMP and routes. It hands datagrams for TCP up, takes segments down, and queues packets for each device.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/ring.h"
#include "ip/address_conflict.h"
#include "ip/datagram_ids.h"
#include "ip/icmp.h"
#include "ip/icmp_limiter.h"
#include "ip/ipv4_input.h"
#include "ip/ipv4_output.h"
#include "ip/routes.h"
#include "leat/counters.h"
#include "leat/echo.h"
#include "packet/path_evidence.h"
#include "stack/drop_log.h"
#include "stack/stack.h"
#include "tcp/four_tuple.h"
#include "wire/arp.h"

namespace leat {

/// The addressing of a TCP segment for us. Its packet begins with the TCP header and has no padding behind it.
struct Arrival {
  Ipv4Header ip;
  InterfaceId interface = 0;
};

class Network {
 public:
  /// The most packets that wait for one device.
  static constexpr std::size_t kQueueLimit = 1024;
  /// Room in front of a transport header for the IP and Ethernet headers and a device's own.
  static constexpr std::size_t kHeadroom = 64;

  Network(Random& random, Counters& counters, DropLog& drops, BufferPool& pool);
  ~Network();

  expected<InterfaceId, Error> add(const InterfaceConfig& config);
  const InterfaceConfig* interface(InterfaceId id) const;
  /// The number of bytes in front of the IP header.
  std::size_t link_header(InterfaceId id) const;
  bool add_address(InterfaceId id, const IpPrefix& address);
  bool is_local(const IpAddress& address) const;

  /// Takes a packet that arrived from the device of `id`. Returns the addressing of a TCP segment for us, and handles
  /// all other packets itself.
  std::optional<Arrival> receive(InterfaceId id, Packet& packet, Instant now);

  /// Says which link address the addresses of `id` have, where the interface is ours alone (RFC 5227 §2.3).
  void announce(InterfaceId id, Instant now);
  /// A station that uses one of our addresses; each at most once a minute.
  std::optional<AddressConflict> next_address_conflict() { return std::exchange(conflict_, std::nullopt); }

  /// The way to one host. Errors: network_unreachable when there is no route, invalid_argument for a group.
  expected<RouteDecision, Error> path_to(const IpAddress& destination) const;

  /// Sends a transport packet with kHeadroom in front, and fills in the IP id. `evidence` confirms the next hop, or
  /// makes it doubtful. Returns the interface that the route leads to; 0 without a route.
  InterfaceId send(Packet&& packet, Ipv4Sending sending, Instant now, PathEvidence evidence = PathEvidence::none);

  /// Moves packets that wait for the device of `id` to `out`, and splits those that the device cannot take whole.
  /// Returns true when `out` is full.
  bool fill(InterfaceId id, PacketBatch& out);

  /// True when packets wait for the device of `id`.
  bool has_output(InterfaceId id) const;

  /// The number of entries in all neighbour caches.
  std::size_t neighbours() const;
  /// When run_timers() is due: the next deadline of ARP.
  Instant next_timer() const;
  void run_timers(Instant now);
  /// The flow of a TCP segment that was dropped because its next hop does not answer.
  std::optional<FourTuple> next_unreachable();
  /// An ICMP error about a TCP segment of ours. The caller must check it against its connections.
  std::optional<IcmpError> next_icmp_error();

  /// Sends an echo request, and keeps replies to its identifier from now on. Errors: no_buffers when the pool refuses,
  /// invalid_argument when the request is larger than the path's MTU.
  expected<void, Error> send_echo(const EchoRequest& request, Instant now);
  std::optional<EchoReply> next_echo_reply();

 private:
  static constexpr std::size_t kMostEchoIds = 16, kMostEchoReplies = 64;

  struct Interface;

  void loop_back(InterfaceId id, const IpAddress& address);
  bool add_routes(const InterfaceConfig& config, InterfaceId id);
  Interface& at(InterfaceId id) const { return *interfaces_[id - 1]; }
  void receive_arp(Interface& interface, Packet& packet, Instant now);
  void on_address_conflict(Interface& interface, const ArpPacket& arp, Instant now);
  std::optional<Arrival> receive_ipv4(Interface& interface, Packet& packet, bool link_group, Instant now);
  void receive_icmp(Packet& packet, const Ipv4Arrival& arrival, Instant now);
  void receive_icmp_error(Packet& packet, std::size_t start);
  void receive_echo_reply(const Packet& packet, const Ipv4Arrival& arrival, const IcmpHeader& header);
  void receive_udp(Interface& interface, Packet& packet, const Ipv4Arrival& arrival, Instant now);
  /// Sends "unreachable" to the source of `packet`, if that is allowed and the rate limit permits it.
  void complain(Interface& interface, const Packet& packet, const Ipv4Arrival& arrival, IcmpUnreachable code,
                Instant now);
  /// Sends ARP packets and released packets. Call it after anything that may have changed the neighbour cache.
  void flush_neighbours(Interface& interface);
  void give_up(const Packet& packet);
  void queue_frame(Interface& interface, Packet&& packet, const MacAddress& to);
  void queue(Interface& interface, Packet&& packet);

  Counters& counters_;
  DropLog& drops_;
  BufferPool& pool_;
  Routes routes_;
  std::vector<std::unique_ptr<Interface>> interfaces_;
  RingDeque<FourTuple> unreachable_;
  RingDeque<IcmpError> icmp_errors_;
  RingDeque<std::uint16_t> echo_ids_;  ///< of the latest echo requests
  RingDeque<EchoReply> echo_replies_;
  std::optional<AddressConflict> conflict_;
  IcmpLimiter icmp_limiter_;
  DatagramIds datagram_ids_;
};

}  // namespace leat
