// NeighbourCache maps the neighbours on one interface to their link addresses, and holds the packets that wait for one.
//
// The states and times are Linux's, which applies RFC 4861 §7.3 to ARP too:
//  - An unknown neighbour is asked for three times, a second apart. Packets wait in a bounded queue meanwhile.
//  - A confirmed neighbour is believed for 30 s. It is still used afterwards, but probed by unicast after 5 s of grace.
//  - A neighbour that leaves three questions unanswered is forgotten, and its waiting packets are handed back.
//
// The cache does not know ARP: its owner turns solicitations into packets and reports answers. NeighbourConfig bounds
// its memory.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "base/intrusive_list.h"
#include "leat/address.h"
#include "leat/time.h"
#include "packet/packet.h"

namespace leat {

struct NeighbourConfig {
  Duration retry = std::chrono::seconds(1);       ///< between requests
  unsigned tries = 3;                             ///< requests before giving up, of either kind
  Duration reachable = std::chrono::seconds(30);  ///< how long a confirmation is believed
  Duration delay = std::chrono::seconds(5);       ///< grace before the first unicast request
  Duration protect = std::chrono::seconds(5);     ///< requests from strangers do not evict entries used so recently
  std::size_t max_entries = 1024;
  std::size_t max_waiting = 64;            ///< packets a neighbour
  std::size_t max_waiting_bytes = 212992;  ///< bytes a neighbour, unless it is a single packet
  std::size_t max_waiting_total = 1024;    ///< packets in all
};

/// A question to send: "who has `target`, tell `source`", to one station or to all.
struct Solicitation {
  IpAddress target;
  IpAddress source;
  std::optional<MacAddress> unicast_to;
};

/// The result of send().
struct NeighbourVerdict {
  enum class Outcome : std::uint8_t {
    ready,    ///< `mac` is known: send the packet there now; it was not changed
    waiting,  ///< the packet was taken and waits
    dropped,  ///< the packet was taken and dropped: NEIGH_QUEUEFULL
  };
  Outcome outcome = Outcome::dropped;
  MacAddress mac;
  unsigned displaced = 0;  ///< older packets for this neighbour that were dropped to make room: NEIGH_QUEUEFULL
};

class NeighbourCache {
 public:
  enum class State : std::uint8_t { none, incomplete, reachable, stale, delay, probe };

  explicit NeighbourCache(const NeighbourConfig& config = {}) : config_(config) {}

  /// Resolves `next_hop` for a packet sent from `source`.
  NeighbourVerdict send(const IpAddress& next_hop, const IpAddress& source, Packet& packet, Instant now);
  /// Something proves that the neighbour hears us, such as an ACK of new data (RFC 4861 §7.3.1).
  void confirm(const IpAddress& neighbour, Instant now);
  /// Something suggests that the neighbour does not hear us, such as a retransmission time-out. The neighbour is asked
  /// at once and each second, first by unicast, then by broadcast, since another link address may have its address now.
  /// Packets still go to the old one. False, and nothing happens, for a neighbour that is being asked already or that
  /// was confirmed less than a second ago.
  bool doubt(const IpAddress& neighbour, const IpAddress& source, Instant now);

  /// An answer addressed to us. False, and nothing learned, unless a question to this neighbour is open.
  bool on_answer(const IpAddress& neighbour, const MacAddress& mac, Instant now);
  /// The neighbour gave its own address, in a gratuitous announcement or, with `may_create`, in a question to us. The
  /// address is stored as stale. Returns false when the neighbour was not known and could not be added.
  bool on_heard(const IpAddress& neighbour, const MacAddress& mac, bool may_create, Instant now);

  /// Runs what is due.
  void run(Instant now);
  /// When run() has something to do, or a little before; kNever.
  Instant next_deadline() const { return next_deadline_; }

  // The outputs. Empty them after send(), doubt(), on_answer(), on_heard() and run().
  std::optional<Solicitation> next_solicitation();
  /// A packet whose wait is over, and its neighbour's address.
  struct Released {
    Packet packet;
    MacAddress mac;
  };
  std::optional<Released> next_released();
  /// A packet to a neighbour that does not answer: NEIGH_FAILED. The owner may report it to the connection.
  std::optional<Packet> next_failed();
  /// Neighbours given up since the last call.
  unsigned take_failures() { return std::exchange(failures_, 0u); }

  State state(const IpAddress& neighbour, Instant now) const;
  std::size_t size() const { return entries_.size(); }
  std::size_t waiting() const { return waiting_; }

 private:
  struct RecentlyUsed {};
  struct Entry : ListLink<RecentlyUsed> {
    const IpAddress* address = nullptr;  // the key
    State state = State::incomplete;
    MacAddress mac;
    unsigned asked = 0;
    bool doubted = false;           // probe: doubt() began it
    Instant due = kNever;           // incomplete, delay, probe
    Instant confirmed_at = kNever;  // kNever: not yet
    Instant used{};
    IpAddress source;           // to ask from
    std::vector<Packet> queue;  // incomplete
    std::size_t queued_bytes = 0;
  };
  using Entries = std::map<IpAddress, Entry>;

  Entry* find(const IpAddress& neighbour);
  Entry* create(const IpAddress& neighbour, bool for_stranger, Instant now);
  bool evict(bool for_stranger, Instant now);
  NeighbourVerdict enqueue(Entry& entry, Packet& packet);
  void touch(Entry& entry, Instant now);
  void set_reachable(Entry& entry, Instant now);
  void take_address(Entry& entry, const MacAddress& mac);
  void ask(Entry& entry, Instant now);
  void arm(Entry& entry, Instant due);
  void give_up(Entry& entry);
  bool is_expired(const Entry& entry, Instant now) const { return now - entry.confirmed_at >= config_.reachable; }

  NeighbourConfig config_;
  IntrusiveList<Entry, RecentlyUsed> by_use_;  // the longest unused first; outlives the entries
  Entries entries_;
  std::deque<Solicitation> solicitations_;
  std::deque<Released> released_;
  std::deque<Packet> failed_;
  std::size_t waiting_ = 0;  // packets in queues, released_ and failed_
  unsigned failures_ = 0;
  Instant next_deadline_ = kNever;
};

}  // namespace leat
