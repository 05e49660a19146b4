// TcpSockets: all TCP sockets of a Stack. Finds the connection of a segment, keeps handles, listeners, TIME-WAIT
// entries and timers, and says which connections have something to send. Knows no addresses of its own and no
// links: the Stack asks it with 4-tuples and carries its segments.
//
// Work is done for connections that something happened to: those are on the dirty list, once each.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/ring.h"
#include "ip/icmp.h"
#include "leat/counters.h"
#include "leat/event.h"
#include "leat/statistics.h"
#include "leat/tcp_settings.h"
#include "stack/drop_log.h"
#include "stack/stack.h"
#include "stack/timer_wheel.h"
#include "tcp/connection.h"
#include "tcp/engine/flow_table.h"
#include "tcp/engine/half_open.h"
#include "tcp/engine/listener.h"
#include "tcp/engine/port_use.h"
#include "tcp/engine/ports.h"
#include "tcp/engine/time_wait.h"
#include "tcp/four_tuple.h"

namespace leat {

/// What a path carries: from the interface that a connection uses.
struct PathFacts {
  std::uint32_t mtu = 1500;
  std::uint32_t max_super_segment = 0;  ///< bytes, IP header included; 0: the stack splits in software
  InterfaceId interface = 0;            ///< by which segments leave
};

/// A segment to be sent, between whom, and the fields of its IP header.
struct OutgoingSegment {
  FourTuple tuple;
  SegmentOut segment;
  std::uint8_t tos = 0, ttl = 64;
  SocketHandle socket{};  ///< of the connection that sends it; none for answers on behalf of no connection
};

/// A connect(): `tuple.local.port` 0 picks an ephemeral one.
struct Opening {
  FourTuple tuple;
  PathFacts path;
  const ConnectRequest& request;
};

class TcpSockets {
 public:
  static constexpr std::size_t kMaxSockets = std::size_t{1} << 20;
  static constexpr std::size_t kMaxReplies = 256;

  TcpSockets(const TcpSettings& options, Random& random, Counters& counters, DropLog& drops, BufferPool& pool);
  ~TcpSockets();

  /// A segment whose checksum is right arrived for one of our addresses.
  void on_segment(const FourTuple& tuple, SegmentIn& segment, const PathFacts& path, Instant now);
  /// A segment of ours never left: the next hop does not answer.
  void on_unreachable(const FourTuple& tuple, Error why);
  /// Somebody reports trouble with a segment that may be ours.
  void on_icmp_error(const IcmpError& icmp, Instant now);

  void run_timers(Instant now);
  /// Fills `out` with the next segment of a connection that sends by `interface`, or an answer on behalf of no
  /// connection. False when there is none.
  bool poll_transmit(OutgoingSegment& out, InterfaceId interface, Instant now);
  /// poll_transmit() has to be asked for `interface`.
  bool has_output(InterfaceId interface) const;
  /// The route of a segment of `socket` led to another interface than its connection was thought to use.
  void reroute(SocketHandle socket, InterfaceId interface);
  /// When run_timers() is due.
  Instant next_timer() const;
  std::optional<Event> next_event();

  expected<SocketHandle, Error> connect(Opening opening, Instant now);
  expected<SocketHandle, Error> listen(Endpoint local, unsigned backlog, const std::optional<TcpSettings>& options);
  expected<SocketHandle, Error> listen(SocketHandle bound, unsigned backlog, const std::optional<TcpSettings>& options);
  expected<void, Error> set_backlog(SocketHandle listener, unsigned backlog);
  expected<SocketHandle, Error> accept(SocketHandle listener);
  expected<SocketHandle, Error> bind(Endpoint local, const PortSharing& sharing);
  expected<void, Error> set_sharing(SocketHandle handle, const PortSharing& sharing);

  /// The connection that the application may name; else why there is none.
  expected<const TcpConnection*, Error> connection(SocketHandle handle) const;
  expected<TcpSettings, Error> options(SocketHandle handle) const;
  expected<void, Error> set_options(SocketHandle handle, const TcpSettings& options, Instant now);
  expected<void, Error> set_quick_ack(SocketHandle handle, bool quick);
  expected<void, Error> push_pending(SocketHandle handle);
  expected<void, Error> end_record(SocketHandle handle);

  expected<std::size_t, Error> read(SocketHandle handle, MutableBytes out);
  expected<std::size_t, Error> read_urgent(SocketHandle handle, std::uint8_t& byte, bool take);
  using Write = expected<std::size_t, Error> (TcpConnection::*)(Bytes, BufferPool&);
  expected<std::size_t, Error> write(SocketHandle handle, Bytes data, Write how = &TcpConnection::write);
  expected<std::size_t, Error> view(SocketHandle handle, std::span<Bytes> pieces);
  expected<std::size_t, Error> consume(SocketHandle handle, std::size_t n);
  expected<void, Error> write_borrowed(SocketHandle handle, Bytes data, Release release);
  expected<MutableBytes, Error> prepare(SocketHandle handle, std::size_t wanted);
  expected<void, Error> commit(SocketHandle handle, std::size_t n);
  expected<void, Error> shutdown_write(SocketHandle handle);
  expected<void, Error> close(SocketHandle handle, Instant now);
  expected<void, Error> abort(SocketHandle handle, Instant now);
  /// Also of those that nobody has a handle to any more.
  void abort_all();

  std::uint16_t readiness(SocketHandle handle) const;
  Error error(SocketHandle handle) const;
  expected<TcpInfo, Error> info(SocketHandle handle) const;
  expected<FourTuple, Error> tuple(SocketHandle handle) const;
  std::vector<SocketInfo> sockets() const;

  std::size_t connections() const { return connections_; }
  std::size_t orphans() const { return orphans_; }
  std::size_t listeners() const { return listeners_.size(); }
  std::size_t half_open() const { return half_open_.size() - free_half_open_.size(); }
  std::size_t time_waits() const { return time_wait_.size(); }
  PortUse& ports_in_use() { return ports_in_use_; }

 private:
  struct Timed : TimerEntry {
    explicit Timed(bool half_open) : is_half_open(half_open) {}
    const bool is_half_open;
  };
  struct HalfOpenEntry : Timed {
    HalfOpenEntry(const HalfOpen& s, const FourTuple& t, TcpSettingsRef o)
        : Timed(true), state(s), tuple(t), options(std::move(o)) {}
    HalfOpen state;
    FourTuple tuple;
    TcpSettingsRef options;  ///< the listener's when the SYN came: what was offered then holds
    std::uint32_t hash = 0;
    std::uint32_t slot = 0;
    SocketHandle listener;
  };
  struct Socket : Timed {
    Socket() : Timed(false) {}
    bool user_owns = false;  ///< a handle was given out and not closed
    bool in_flow_table = false;
    bool is_dirty = false, has_event = false;  ///< it stands in dirty_[interface], in with_events_
    TcpState counted_state = TcpState::closed;
    PortSharing sharing;
    std::uint16_t pending_events = 0;
    std::uint32_t hash = 0;
    InterfaceId interface = 0;  ///< by which its segments leave
    SocketHandle handle;
    FourTuple tuple;
    SocketHandle parent;  ///< the listener it came from, until accepted
    std::optional<TcpConnection> connection;
    std::unique_ptr<ListenQueues> listener;
    bool is_reservation() const { return !connection && !listener; }
    bool uses_port() const { return !connection || in_flow_table; }
  };

  Socket* find(SocketHandle handle) const;
  /// What the application may name: neither what it closed nor what it has not accepted yet.
  Socket* find_owned(SocketHandle handle) const;
  Socket* find_connection(SocketHandle handle) const;
  Error why_no_connection(SocketHandle handle) const;
  Socket* find_flow(const FourTuple& tuple, std::uint32_t hash) const;
  Socket* listener_for(const FourTuple& tuple) const;
  Socket* create_socket();
  void destroy_socket(Socket& socket);

  bool is_flow_of(FlowRef flow, const FourTuple& tuple) const;
  std::uint16_t receive_mss(const PathFacts& path, const TcpSettings& options) const;
  void make_connection(Socket& socket, const FourTuple& tuple, const PathFacts& path, SeqNum isn,
                       TcpSettingsRef options);
  void deliver(Socket& socket, SegmentIn& segment, Instant now);
  void hurry_acks(Socket& socket, Instant now);
  static void address(OutgoingSegment& out, const Socket& socket);

  // tcp_sockets_ports.cc
  bool has_conflict(const Endpoint& local, const PortSharing& sharing, SocketHandle self) const;
  std::optional<std::uint16_t> pick_port(const IpAddress& address);
  Socket* find_reservation(SocketHandle handle) const;
  void release(Socket& reservation);
  Error choose_local(Opening& opening, PortSharing& sharing);

  // tcp_sockets_options.cc
  expected<TcpSettingsRef, Error> settings(const std::optional<TcpSettings>& options);

  // tcp_sockets_listen.cc
  expected<SocketHandle, Error> open_listener(const Endpoint& local, const PortSharing& sharing, unsigned backlog,
                                              TcpSettingsRef options);
  bool may_open(const Socket& listening);
  HalfOpenEntry* find_half_open(const FourTuple& tuple, std::uint32_t hash) const;
  void add_half_open(Socket& listening, const FourTuple& tuple, const SegmentIn& syn, const PathFacts& path,
                     std::optional<SeqNum> isn, Instant now);
  void remove_half_open(HalfOpenEntry& entry);
  void release_half_open(HalfOpenEntry& entry);
  void on_half_open(HalfOpenEntry& entry, SegmentIn& segment, const PathFacts& path, Instant now);
  void on_half_open_timer(HalfOpenEntry& entry, Instant now);
  void complete(HalfOpenEntry& entry, SegmentIn& segment, const PathFacts& path, Instant now);
  void on_new_flow(const FourTuple& tuple, const SegmentIn& segment, const PathFacts& path, Instant now,
                   std::optional<SeqNum> isn = {});
  void on_time_wait(FlowRef flow, const FourTuple& tuple, SegmentIn& segment, const PathFacts& path, Instant now);
  void count(const SegmentVerdict& verdict);
  void count(LossEvents events);
  void count_sent(const SegmentOut& segment);
  void count_end(Socket& socket);
  void reply(const FourTuple& tuple, SegmentOut segment) { reply(tuple, std::move(segment), *defaults_); }
  void reply(const FourTuple& tuple, SegmentOut segment, const TcpSettings& options) {
    reply({tuple, std::move(segment), options.tos, options.ttl});
  }
  void reply(OutgoingSegment segment);
  void reply_with_reset(const FourTuple& tuple, const SegmentIn& segment);
  void reply_with_ack(const FourTuple& tuple, const TimeWaitReply& facts, Instant now);
  std::uint32_t timestamp_offset(const FourTuple& tuple) const;

  /// After anything happened to a connection: events, timer, dirty list.
  void touch(Socket& socket);
  void arm(Socket& socket);
  void mark_dirty(Socket& socket);
  void take_events(Socket& socket);
  void on_child_established(Socket& child);
  void give_event(Socket& socket, std::uint16_t bits);
  /// Everything was sent that it wanted to send: is it over?
  void retire(Socket& socket, Instant now);
  void leave_flow_table(Socket& socket);
  /// The user has let go of it.
  void give_up(Socket& socket);
  void close_listener(Socket& listening, Instant now);
  bool flow_exists(const FourTuple& tuple) const;

  const TcpSettingsRef defaults_;
  TcpSettingsRef latest_;  ///< the last settings of somebody's own: who sets the same shares them
  Counters& counters_;
  DropLog& drops_;
  BufferPool& pool_;
  SipKey flow_key_;
  SipKey isn_key_;
  SipKey timestamp_key_;
  EphemeralPorts ports_;
  PortUse ports_in_use_;
  FlowTable flows_;
  TimeWaitTable time_wait_;
  TimerWheel wheel_;
  FlightPool flights_;
  std::vector<std::unique_ptr<Socket>> slots_;
  std::vector<std::uint32_t> generations_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::unique_ptr<HalfOpenEntry>> half_open_;
  std::vector<std::uint32_t> free_half_open_;
  std::unordered_map<std::uint16_t, std::vector<SocketHandle>> listeners_by_port_;
  std::unordered_map<std::uint16_t, std::size_t> reservations_by_port_;
  std::vector<SocketHandle> listeners_;
  RingDeque<OutgoingSegment, true> replies_;
  using Handles = RingDeque<SocketHandle, true>;  ///< once each; some of them are gone
  std::vector<Handles> dirty_;                    ///< those that may have something to send, for each interface
  Handles with_events_;
  std::size_t connections_ = 0;
  std::size_t orphans_ = 0;
};

}  // namespace leat
