// ConnectionCore: the parts of one connection, and the steps that several of its procedures share. The parts do not
// know each other. The procedures are types that live for one call and work on the core: SegmentArrival, SynSentArrival
// and AckArrival for what arrives, Transmission for what leaves, TimerExpiry, Opening, UserCalls and ConnectionReport.
#pragma once

#include <cstdint>
#include <memory>

#include "leat/error.h"
#include "leat/event.h"
#include "leat/expected.h"
#include "packet/packet_note.h"
#include "packet/path_evidence.h"
#include "tcp/congestion/controller.h"
#include "tcp/connection/counts.h"
#include "tcp/connection/facts.h"
#include "tcp/connection/liveness.h"
#include "tcp/connection/peer_fin.h"
#include "tcp/flight.h"
#include "tcp/loss/rto.h"
#include "tcp/recv/ack_policy.h"
#include "tcp/recv/receiver.h"
#include "tcp/send/sender.h"
#include "tcp/settings_ref.h"
#include "tcp/state.h"
#include "tcp/timestamps.h"

namespace leat {

struct ConnectionCore {
  ConnectionCore(const ConnectionConfig& config, TcpSettingsRef with, FlightPool& pool);

  // The state of the connection.
  void move(StateEvent event);
  /// CLOSED, with `why` for the user.
  void finish(Error why);
  /// Sends a RST if the peer knows of the connection, then CLOSED.
  void abort(Error why);
  void raise(std::uint16_t bits) { events = static_cast<std::uint16_t>(events | bits); }
  bool is_opening() const { return state == TcpState::syn_sent || state == TcpState::syn_received; }
  /// Waits for the peer's FIN, long enough for the peer to send it three times (as Linux).
  void linger_in_fin_wait_2(Instant now);
  bool lingers() const { return state == TcpState::fin_wait_2 && user_gone; }
  bool has_peer_closed() const { return peer_fin.passed(receiver.nxt()); }

  // The flight: state that exists only while data is queued or in flight. An idle connection returns it to the pool.
  Flight& take_flight();
  bool may_rest(Instant now) const;
  void rest();
  std::int64_t in_flight() const { return flight ? flight->recovery.in_flight() : 0; }
  std::uint32_t cwnd() const { return flight ? flight->budget.cwnd(*congestion) : congestion->cwnd(); }

  // Loss detection and its timer.
  Recovery::Path path() const;
  /// Passes the signals of loss detection on; `delivered` bytes count for proportional rate reduction.
  void react(const Recovery::Verdict& verdict, std::uint32_t delivered);
  void arm_retransmission(Instant now);
  /// Waits until `time_out`, or for a tail probe where that comes first (RFC 8985 §7.2).
  void arm_loss_timer(Instant time_out, Instant now);
  /// When the retransmission time-out of the oldest outstanding segment ends.
  Instant oldest_times_out(Instant now) const;
  Instant limited_by_user(Instant deadline, Instant now) const;
  void stop_timers();
  void update_persist(Instant now);
  void arm_persist(Instant now);
  /// The limit of retransmissions or probes in a row.
  unsigned retries() const { return Liveness::retries(*settings, user_gone); }

  /// The answer to a reader when nothing is readable: 0 at the end of the stream, or why there is nothing.
  expected<std::size_t, Error> nothing_to_read() const;

  // Room in the send buffer, and the writer that waits for it.
  bool is_writable() const {
    return sender.is_writable(settings->notsent_lowat) &&
           (!memory_short || sender.buffered() * 3 <= BufferPool::kLeastOfAStream * 2);
  }
  void look_at_memory(const BufferPool& pool);
  void grow_send_buffer();
  void wake_writer();

  /// Payload of a full segment: `mss` less the options of each segment (RFC 6691 §2).
  std::uint16_t payload_of(std::uint16_t mss) const {
    return static_cast<std::uint16_t>(mss - (timestamps.agreed() ? Timestamps::kOptionSize : 0));
  }

  FlightPool& flights;
  std::unique_ptr<Flight> flight;
  Rack::Learned reordering;  ///< what the last flight has learned
  std::uint16_t events = 0;

  TcpSettingsRef settings;
  TcpState state = TcpState::closed;
  Error error = Error::none;
  Error soft_error = Error::none;  ///< the last report of the network; the reason if we give up (RFC 5927 §5)
  PacketNote ack_note;             ///< of the ACK that is owed
  bool user_gone : 1 = false;      ///< close() was called
  bool writer_waits : 1 = false;   ///< write() took less than it was given, or left little room
  bool memory_short : 1 = false;   ///< of the stack, when it was last looked at
  bool syn_due : 1 = false;
  bool reset_pending : 1 = false;
  bool tail_probe_due : 1 = false, urgent_probe_due : 1 = false, probe_due : 1 = false;  ///< in this order
  bool new_data_first : 1 = false;  ///< F-RTO: lost data waits for the answer to new data
  bool scaling_agreed : 1 = false, sack_agreed : 1 = false;

  SeqMap send_map, receive_map;
  Sender sender;
  Receiver receiver;
  AckPolicy acks;
  Rto rto;
  // The small members behind each of these three lie in its padding: an idle connection is to cost little.
  [[no_unique_address]] Timestamps timestamps;
  std::uint16_t receive_mss;  ///< what we offer in the MSS option
  [[no_unique_address]] PeerFin peer_fin;
  PathEvidence path_evidence = PathEvidence::none;  ///< for the next segment
  std::uint16_t send_mss_limit;                     ///< what the path takes at most
  std::uint32_t last_ack_sent = 0;                  ///< RFC 7323 §4.3: the last 32 bits of the position
  std::unique_ptr<CongestionController> congestion;
  [[no_unique_address]] Liveness liveness;
  std::uint32_t max_burst;  ///< payload of the largest super-segment
  Instant last_sent_at{};
  ConnectionCounts counts;
};

}  // namespace leat
