// Network: the interfaces of a Stack and everything between a frame and a transport segment: Ethernet, ARP,
// IPv4, ICMP echo, routes. Hands datagrams for TCP up, takes segments down, and keeps what waits for a device.
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

/// Of a segment for us, whose packet now begins with the TCP header and has no padding behind it.
struct Arrival {
  Ipv4Header ip;
  InterfaceId interface = 0;
};

class Network {
 public:
  /// Packets that may wait for one device.
  static constexpr std::size_t kQueueLimit = 1024;
  /// In front of a transport header: room for IP, Ethernet and what a device adds.
  static constexpr std::size_t kHeadroom = 64;

  Network(Random& random, Counters& counters, DropLog& drops, BufferPool& pool);
  ~Network();

  expected<InterfaceId, Error> add(const InterfaceConfig& config);
  const InterfaceConfig* interface(InterfaceId id) const;
  /// Bytes in front of the IP header.
  std::size_t link_header(InterfaceId id) const;
  bool add_address(InterfaceId id, const IpPrefix& address);
  bool is_local(const IpAddress& address) const;

  /// What arrived from the device of `id`. Gives back datagrams with TCP for us; all else is dealt with here.
  std::optional<Arrival> receive(InterfaceId id, Packet& packet, Instant now);

  /// Says which link address the addresses of `id` have, where the interface is ours alone (RFC 5227 §2.3).
  void announce(InterfaceId id, Instant now);
  /// A station that uses one of our addresses; each at most once a minute.
  std::optional<AddressConflict> next_address_conflict() { return std::exchange(conflict_, std::nullopt); }

  /// How to reach one host; network_unreachable when no route leads there, invalid_argument for a group.
  expected<RouteDecision, Error> path_to(const IpAddress& destination) const;

  /// Sends a transport packet with kHeadroom in front. The IP id is filled in here. `evidence` confirms the neighbour
  /// on the way, or makes it doubtful.
  void send(Packet&& packet, Ipv4Sending sending, Instant now, PathEvidence evidence = PathEvidence::none);

  /// Moves packets that wait for the device of `id` to `out`, split to what it takes. True when `out` is full.
  bool fill(InterfaceId id, PacketBatch& out);

  /// Entries of all neighbour caches.
  std::size_t neighbours() const;
  /// The deadlines of neighbour resolution.
  Instant next_deadline() const;
  void run_timers(Instant now);
  /// The flow of a TCP segment of ours that was dropped because its next hop does not answer.
  std::optional<FourTuple> next_unreachable();
  /// What somebody reports of a segment that he says was ours; nobody has checked it against connections.
  std::optional<IcmpError> next_icmp_error();

  /// Sends an echo request; replies to its identifier are kept from now on. no_buffers when the pool refuses,
  /// invalid_argument when it is larger than the path takes.
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
  /// "Nobody here": to the sender of `packet`, when that is allowed and not too often.
  void complain(Interface& interface, const Packet& packet, const Ipv4Arrival& arrival, IcmpUnreachable code,
                Instant now);
  /// After anything that may have changed neighbours: questions, answers, and packets whose wait is over.
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
  RingDeque<std::uint16_t> echo_ids_;  ///< of requests, the latest ones
  RingDeque<EchoReply> echo_replies_;
  std::optional<AddressConflict> conflict_;
  IcmpLimiter icmp_limiter_;
  DatagramIds datagram_ids_;
};

}  // namespace leat
