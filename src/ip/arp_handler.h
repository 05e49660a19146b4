// ArpHandler: speaks ARP for one interface (RFC 826, RFC 1122 §2.3.2, RFC 5227): answers questions about our addresses,
// announces them, asks for neighbours, and keeps the NeighbourCache honest.
//
// It learns from three kinds of packets only: replies to an open question of ours, requests for our address (a stale
// entry, as in Linux), and gratuitous announcements of neighbours that are in the cache already.
#pragma once

#include <deque>
#include <optional>

#include "ip/interface_addresses.h"
#include "ip/neighbour_cache.h"
#include "leat/counters.h"
#include "wire/arp.h"

namespace leat {

/// The result of one ARP packet. `drop` says why the packet was ignored, and is empty when it was of use.
struct ArpInput {
  std::optional<DropReason> drop;
  bool will_reply = false;
  bool address_conflict = false;  ///< another station claims one of our addresses (RFC 5227 §2.4)
};

class ArpHandler {
 public:
  static constexpr std::size_t kMaxReplies = 64;

  explicit ArpHandler(const MacAddress& own, const NeighbourConfig& config = {}) : neighbours(config), own_(own) {}

  /// Handles `packet`, which arrived on this interface. The interface has `addresses`.
  ArpInput receive(const ArpPacket& packet, const InterfaceAddresses& addresses, Instant now);

  /// Tells all neighbours now, and again two seconds later, which link address `address` has (RFC 5227 §2.3).
  void announce(const IpAddress& address, Instant now);

  /// Runs what is due, in the cache too.
  void run(Instant now);
  /// When run() has something to do, or a little before; kNever.
  Instant next_deadline() const;

  /// The next ARP packet to send and its destination. Replies go first, then announcements, then questions.
  struct Output {
    MacAddress destination;
    ArpPacket packet;
  };
  std::optional<Output> next_output();
  /// The same as a complete Ethernet frame; an empty packet when the pool refuses.
  static Packet make_frame(const Output& output, BufferPool& pool);

  NeighbourCache neighbours;

 private:
  struct Announcement {
    Instant due;
    IpAddress address;
  };

  MacAddress own_;
  std::deque<Output> replies_;
  std::deque<IpAddress> announcing_;        ///< to be sent now
  std::deque<Announcement> announcements_;  ///< to be sent again, the earliest first
};

}  // namespace leat
