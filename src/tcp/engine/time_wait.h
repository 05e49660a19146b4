// TimeWaitTable: the connections of this host that are over but for their TIME-WAIT (RFC 9293 §3.3.2).
//
// An entry is no Connection: 64 bytes for IPv4, 96 for IPv6, enough to acknowledge a FIN that comes again, to keep old
// duplicates from a new incarnation, and to let a new one in that is provably newer. All wait equally long, so that one
// queue in the order of the deadlines replaces a timer for each. The number is bounded: the oldest goes first.
// The Stack finds entries through its FlowTable by their slot and tells the table's caller of every removal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "leat/time.h"
#include "tcp/engine/port_sharing.h"
#include "tcp/four_tuple.h"
#include "wire/seq.h"

namespace leat {

/// What a connection leaves behind.
struct TimeWaitFlow {
  FourTuple tuple;
  std::uint32_t hash = 0;     ///< of the tuple, for the FlowTable
  SeqNum snd_nxt, rcv_nxt;    ///< both after the FINs
  std::uint32_t rcv_wnd = 0;  ///< bytes
  std::uint8_t rcv_wscale = 0;
  std::uint8_t tos = 0;
  PortSharing sharing{};                     ///< of its local port
  std::optional<std::uint32_t> ts_recent{};  ///< the peer's last timestamp, when timestamps were agreed
  std::uint32_t ts_offset = 0;               ///< of our own timestamps
};

/// The facts of an arrived segment that matter here.
struct TimeWaitSegment {
  SeqNum seq, ack;
  std::uint32_t length = 0;  ///< payload bytes
  bool syn = false, fin = false, rst = false, has_ack = false;
  bool may_open = true;  ///< of a SYN: somebody listens for a new incarnation
  std::optional<std::uint32_t> tsval{};
};

enum class TimeWaitVerdict : std::uint8_t {
  drop,        ///< nothing to say
  ack,         ///< send TimeWaitTable::reply()
  accept_new,  ///< a SYN for a new incarnation: remove the entry and treat it as if there had been none
  end,         ///< the peer has no such connection and says so: remove the entry
};
struct TimeWaitDecision {
  TimeWaitVerdict verdict = TimeWaitVerdict::drop;
  SeqNum isn{};  ///< accept_new: the lowest number that the new incarnation may start with
};

/// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
struct TimeWaitReply {
  SeqNum seq, ack;
  std::uint16_t window = 0;  ///< as it goes on the wire
  std::uint8_t tos = 0;
  std::optional<std::uint32_t> ts_recent{};
  std::uint32_t ts_offset = 0;
};

class TimeWaitTable {
 public:
  static constexpr Duration kDuration = std::chrono::seconds(60);  ///< Linux: TCP_TIMEWAIT_LEN
  static constexpr std::size_t kDefaultMaximum = 131'072;          ///< 8 MB of IPv4; Linux: tcp_max_tw_buckets

  /// 0 < max_entries <= 2^29. `reply_interval`: TcpSettings::challenge_interval.
  explicit TimeWaitTable(std::size_t max_entries = kDefaultMaximum, Duration duration = kDuration,
                         Duration reply_interval = std::chrono::milliseconds(500));

  /// An entry that is gone, for the caller to take out of its FlowTable.
  struct Removed {
    std::uint32_t slot, hash;
    std::uint16_t local_port;
  };
  struct Added {
    std::uint32_t slot;
    std::optional<Removed> evicted;  ///< the oldest had to go (TcpExtTCPTimeWaitOverflow)
  };
  Added add(const TimeWaitFlow& flow, Instant now);
  void remove(std::uint32_t slot);
  /// Removes the oldest entry whose time is over, if there is one.
  std::optional<Removed> pop_expired(Instant now);
  Instant next_deadline() const;

  /// RFC 9293 §3.10.7.4 for TIME-WAIT, RFC 1337, RFC 6191.
  TimeWaitDecision on_segment(std::uint32_t slot, const TimeWaitSegment& segment, Instant now);
  TimeWaitReply reply(std::uint32_t slot) const;

  bool matches(std::uint32_t slot, const FourTuple& tuple) const { return this->tuple(slot) == tuple; }
  FourTuple tuple(std::uint32_t slot) const;
  std::size_t size() const { return narrow_.used() + wide_.used(); }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t slot = oldest_; slot != kNone; slot = entry(slot).newer) visit(tuple(slot).local);
  }
  /// Whether is(address, sharing) for an entry with this local port. Looks at all: for rare questions.
  template <class Is>
  bool any_on_port(std::uint16_t port, Is&& is) const {
    for (std::uint32_t slot = oldest_; slot != kNone; slot = entry(slot).newer) {
      if (entry(slot).local_port == port && is(tuple(slot).local.address, entry(slot).sharing)) return true;
    }
    return false;
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;

  struct Entry {
    Instant deadline;
    SeqNum snd_nxt, rcv_nxt;
    std::uint32_t rcv_wnd, ts_recent, ts_offset;
    std::uint32_t hash;
    std::uint32_t older, newer;   // slots; `newer` links the free ones too
    std::uint32_t replied_at_ms;  // the last reply that counts against reply_interval_
    std::uint16_t local_port, remote_port;
    std::uint8_t rcv_wscale, tos;
    PortSharing sharing;
    bool has_timestamps : 1, has_replied : 1;
    bool challenged_syn : 1;  // a SYN has been answered with an ACK
  };
  struct EntryV4 : Entry {
    std::uint32_t local, remote;
  };
  struct EntryV6 : Entry {
    std::array<std::uint8_t, 16> local, remote;
    std::uint32_t local_scope, remote_scope;
  };
  static_assert(sizeof(EntryV4) <= 64 && sizeof(EntryV6) <= 96);

  // Blocks of entries, so that growing never moves them; all are released with the last entry.
  template <class E>
  class Pool {
   public:
    std::uint32_t take();
    void give_back(std::uint32_t index);
    E& operator[](std::uint32_t i) { return (*blocks_[i / kBlock])[i % kBlock]; }
    const E& operator[](std::uint32_t i) const { return (*blocks_[i / kBlock])[i % kBlock]; }
    std::size_t used() const { return used_; }

   private:
    static constexpr std::uint32_t kBlock = 256;
    std::vector<std::unique_ptr<std::array<E, kBlock>>> blocks_;
    std::uint32_t first_free_ = kNone;
    std::size_t used_ = 0;
  };

  // A slot is the index in one of the pools, shifted, with the lowest bit telling which.
  static constexpr bool is_wide(std::uint32_t slot) { return (slot & 1) != 0; }
  Entry& entry(std::uint32_t slot);
  const Entry& entry(std::uint32_t slot) const;
  std::uint32_t take_slot(const FourTuple& tuple);
  void append(std::uint32_t slot, Instant now);
  void unlink(std::uint32_t slot);
  Removed remove_oldest();
  TimeWaitDecision on_syn(Entry& e, const TimeWaitSegment& segment, Instant now);
  bool may_reply(Entry& e, Instant now) const;
  static bool ends(const Entry& e, const TimeWaitSegment& rst);

  Pool<EntryV4> narrow_;
  Pool<EntryV6> wide_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
  std::size_t max_entries_;
  Duration duration_, reply_interval_;
};

}  // namespace leat
