// TcpConnection: one TCP connection, by RFC 9293 §3.10. Mediates between its parts, which do not know each other
// (Sender, Receiver, Recovery, Rto, CongestionController, AckPolicy), and has one exit for segments, poll_transmit.
//
// Called by the stack: on_segment for what arrived, on_timer when next_deadline() has come, poll_transmit until
// it gives nothing after either of these and after every user call. Addresses and ports are not its business.
// Split over connection_{handshake,receive,ack,send,timers,rest,user,options}.cc, mostly by RFC section.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "leat/counters.h"
#include "leat/error.h"
#include "leat/event.h"
#include "leat/expected.h"
#include "leat/tcp_info.h"
#include "leat/tcp_settings.h"
#include "tcp/congestion/registry.h"
#include "tcp/connection_counts.h"
#include "tcp/connection_facts.h"
#include "tcp/engine/half_open.h"
#include "tcp/flight.h"
#include "tcp/loss/rto.h"
#include "tcp/recv/ack_policy.h"
#include "tcp/recv/receiver.h"
#include "tcp/segment.h"
#include "tcp/send/sender.h"
#include "tcp/settings_ref.h"
#include "tcp/state.h"
#include "tcp/timestamps.h"

namespace leat {

class TcpConnection {
 public:
  /// `flights` outlives it.
  TcpConnection(const ConnectionConfig& config, TcpSettingsRef options, FlightPool& flights);
  ~TcpConnection() { rest(); }
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  void open_active(Instant now);
  /// The peer answers the SYN-ACK of a half-open entry; its segment goes to on_segment next.
  void open_passive(const Handshake& handshake);

  SegmentVerdict on_segment(SegmentIn& segment, BufferPool& pool, Instant now);
  TimerVerdict on_timer(Instant now);
  Instant next_deadline() const;
  /// Fills `out` with the next segment; false when there is nothing to send now.
  bool poll_transmit(SegmentOut& out, Instant now);

  // The user's calls (RFC 9293 §3.10.2 …).
  expected<std::size_t, Error> write(Bytes data, BufferPool& pool);
  /// As write; less than a segment waits for what follows.
  expected<std::size_t, Error> write_more(Bytes data, BufferPool& pool);
  /// As write; what was taken, and all before it, is urgent (RFC 9293 §3.8.5).
  expected<std::size_t, Error> write_urgent(Bytes data, BufferPool& pool);
  /// Takes all of it by reference, whatever the limit, unless that is reached. `release`: see Slice::when_released.
  expected<void, Error> write_borrowed(Bytes data, Release release, BufferPool& pool);
  /// Room in the send buffer for up to `wanted` bytes; as many of them as commit() says are written.
  expected<MutableBytes, Error> prepare(std::size_t wanted, BufferPool& pool);
  expected<void, Error> commit(std::size_t n);
  expected<std::size_t, Error> read(MutableBytes out);
  /// What read() would copy, where it lies, until consume() or read(); returns how many pieces. 0: the end.
  expected<std::size_t, Error> view(std::span<Bytes> pieces);
  expected<std::size_t, Error> consume(std::size_t n);
  expected<std::size_t, Error> peek(std::size_t offset, MutableBytes out) const;
  expected<std::size_t, Error> read_urgent(std::uint8_t& byte, bool take);
  expected<void, Error> shutdown_write();
  /// The user is gone: FIN, or RST when unread data is thrown away (RFC 2525 §2.17).
  void close(Instant now);
  /// RST, if the peer knows of us, and CLOSED.
  void abort(Error why);
  /// Nobody answers on the way there: ends a connection that is still being opened.
  void on_unreachable(Error why);
  /// False when `error` does not quote a segment in flight, so that anybody may have made it up (RFC 5927 §4.1).
  bool on_path_error(const PathError& error, Instant now);

  const TcpSettingsRef& options() const { return options_; }
  void set_options(TcpSettingsRef options, Instant now);
  void set_quick_ack(bool quick);
  /// Sends what waits to become a whole segment.
  void push_pending() { sender_.push_pending(); }

  TcpState state() const { return state_; }
  Error error() const { return error_; }
  std::uint16_t readiness() const;
  /// Event bits since the last call.
  std::uint16_t take_events() { return std::exchange(events_, std::uint16_t{0}); }
  TcpInfo info() const;
  TcpCounts counts() const;
  QueuedBytes queued() const;
  bool at_mark() const { return receiver_.at_mark(); }
  TimeWaitFacts time_wait_facts() const;
  /// An ACK is owed at once, for example a window update after read().
  bool wants_to_send_ack() const { return acks_.owed() > 0; }
  /// An ACK is owed that shall not wait for the rest of what has arrived.
  bool hurries_to_ack() const { return acks_.hurries(); }
  /// Fills `out` with it; false when it can not be sent now.
  bool poll_hurried_ack(SegmentOut& out, Instant now);

 private:
  // connection_handshake.cc
  SegmentVerdict on_segment_syn_sent(SegmentIn& segment, BufferPool& pool, Instant now);
  bool echoes_what_was_never_sent(const SegmentIn& segment, Instant now) const;
  SegmentVerdict on_crossing_syn_ack(const SegmentIn& segment, Instant now);
  void adopt_peer(const Handshake& handshake, Instant now);
  void become_established(const SegmentIn& segment, Instant now);
  TcpOptionSet syn_options(Instant now) const;

  // connection_receive.cc, in the order of RFC 9293 §3.10.7.4
  SegmentVerdict on_segment_synchronized(SegmentIn& segment, BufferPool& pool, Instant now);
  bool is_old_by_timestamp(const SegmentIn& segment, StreamPos pos, Instant now) const;
  SegmentVerdict on_unacceptable(const SegmentIn& segment, DropReason why, NoteKind note, Instant now);
  SegmentVerdict on_reset(StreamPos pos, Instant now);
  void on_text_and_fin(SegmentIn& segment, StreamPos pos, BufferPool& pool, Instant now, SegmentVerdict& verdict);
  void on_text(SegmentIn& segment, StreamPos pos, BufferPool& pool, Instant now, SegmentVerdict& verdict);
  void size_receive_buffer(const SegmentIn& segment, const BufferPool& pool, Instant now);
  void ack_out_of_order(const SegmentIn& segment);
  void on_fin();
  StreamPos peer_fin() const { return fin_seen_ ? nearest(receiver_.nxt(), peer_fin_) : -1; }
  void on_smaller_path(std::uint16_t mss_limit, Instant now);
  /// Payload of a full segment: what the peer or the path takes, less the options of each (RFC 6691 §2).
  std::uint16_t payload_of(std::uint16_t mss) const;
  bool challenge(NoteKind why, Instant now);

  // connection_ack.cc
  std::optional<SegmentVerdict> check_ack(const SegmentIn& segment, Instant now);
  void on_ack(const SegmentIn& segment, StreamPos pos, Instant now, SegmentVerdict& verdict);
  void on_syn_acked(const SegmentIn& segment, Instant now);
  Recovery::Ack recovery_ack(const SegmentIn& segment, StreamPos ack, Instant now) const;
  Recovery::Path path() const;
  void react(const Recovery::Verdict& verdict, std::uint32_t delivered);
  void on_progress(std::uint32_t acked_bytes, Instant now);
  void measure(const SegmentIn& segment, const Recovery::Verdict& verdict, Instant now);
  std::optional<Duration> echoed_round_trip(const SegmentIn& segment, Instant now) const;
  void follow(const Recovery::Verdict& verdict, Instant now);
  void on_fin_acked(Instant now, SegmentVerdict& verdict);

  // connection_send.cc
  bool transmit_syn(SegmentOut& out, Instant now);
  bool transmit_data(SegmentOut& out, Instant now);
  bool transmit_tail_probe(SegmentOut& out, Instant now);
  bool transmit_lost(SegmentOut& out, Instant now);
  bool transmit_new(SegmentOut& out, Instant now);
  bool transmit_ack(SegmentOut& out, Instant now);
  StreamPos end_of_retransmission(StreamPos begin, StreamPos end) const;
  PacketNote retransmission_note(LossReason why) const;
  PacketNote probe_note() const;
  void fill_data(SegmentOut& out, const Sender::Plan& plan, Instant now);
  void fill_common(SegmentOut& out, Instant now);
  void fill_urgent(SegmentOut& out, StreamPos pos) const;
  void fill_sack(SegmentOut& out);
  void note_window_use();
  void note_data_sent(const Sender::Plan& plan, std::uint32_t segments, Instant now);
  std::int64_t in_flight() const { return flight_ ? flight_->recovery.in_flight() : 0; }
  std::uint32_t cwnd() const { return flight_ ? flight_->budget.cwnd(*congestion_) : congestion_->cwnd(); }
  std::uint32_t burst_limit() const;

  // connection_timers.cc
  void update_persist(Instant now);
  Duration persist_interval() const;
  void on_loss_timer(Instant now, TimerVerdict& verdict);
  void arm_persist(Instant now);
  void on_retransmission_timeout(Instant now, TimerVerdict& verdict);
  void on_reordering_timeout(Instant now, TimerVerdict& verdict);
  void on_persist_timeout(Instant now, TimerVerdict& verdict);
  void on_keep_alive_timeout(Instant now, TimerVerdict& verdict);
  void arm_retransmission(Instant now);
  void arm_loss_timer(Instant time_out, Instant now);
  Instant oldest_times_out(Instant now) const;
  Instant limited_by_user(Instant deadline, Instant now) const;
  bool is_waited_out(Instant since, Instant now) const;
  void give_up(TimerVerdict& verdict);
  unsigned retries() const { return user_gone_ ? options_->orphan_retries : options_->retries; }
  Duration longest_silence(unsigned retries) const;

  // connection_options.cc
  void replace_controller();
  void rearm_keep_alive(const std::optional<KeepAlive>& before, Instant now);

  // connection_rest.cc
  Flight& flight();
  void rest();
  bool may_rest(Instant now) const;

  expected<std::size_t, Error> room_to_write(const BufferPool& pool);
  expected<std::size_t, Error> take(Bytes data, BufferPool& pool, bool more);
  bool take_small(Bytes data, BufferPool& pool);
  void on_written();
  void on_read();
  expected<std::size_t, Error> nothing_to_read() const;
  bool is_writable() const {
    return sender_.is_writable(options_->notsent_lowat) &&
           (!memory_short_ || sender_.buffered() * 3 <= BufferPool::kLeastOfAStream * 2);
  }
  void look_at_memory(const BufferPool& pool);
  void grow_send_buffer();
  void wake_writer();
  void move(StateEvent event);
  void finish(Error why);
  void raise(std::uint16_t bits) { events_ = static_cast<std::uint16_t>(events_ | bits); }
  void stop_timers();
  void linger_in_fin_wait_2(Instant now);
  bool lingers() const { return state_ == TcpState::fin_wait_2 && user_gone_; }

  FlightPool& flights_;
  std::unique_ptr<Flight> flight_;  ///< while something is under way, or waits to be sent
  Rack::Learned reordering_;        ///< what the last one has learned
  std::uint16_t events_ = 0;

  TcpSettingsRef options_;
  TcpState state_ = TcpState::closed;
  Error error_ = Error::none;
  Error soft_error_ = Error::none;  ///< what the network last said; the reason if we give up (RFC 5927 §5)
  PacketNote ack_note_;             ///< of the ACK that is owed
  PathEvidence path_evidence_ = PathEvidence::none;  ///< for the next segment
  bool user_gone_ : 1 = false;                       ///< close() was called: nobody reads any more
  bool writer_waits_ : 1 = false;                    ///< write() took less than it was given, or left little room
  bool memory_short_ : 1 = false;                    ///< of the stack, when it was last looked at
  bool syn_due_ : 1 = false;
  bool reset_pending_ : 1 = false;
  bool tail_probe_due_ : 1 = false, urgent_probe_due_ : 1 = false, probe_due_ : 1 = false;  ///< in this order
  bool new_data_first_ : 1 = false;  ///< F-RTO: lost data waits for the answer to new data
  bool scaling_agreed_ : 1 = false, sack_agreed_ : 1 = false;
  bool fin_seen_ : 1 = false;  ///< the peer's, at peer_fin()

  SeqMap send_map_, receive_map_;
  Sender sender_;
  Receiver receiver_;
  AckPolicy acks_;
  Rto rto_;
  Timestamps timestamps_;
  std::uint32_t last_ack_sent_ = 0;  ///< RFC 7323 §4.3: the last bits of the position
  std::unique_ptr<CongestionController> congestion_;

  Instant keep_alive_deadline_ = kNever;  ///< when it lingers(): the end
  Instant opened_at_{};
  Instant heard_at_{}, last_sent_at_{};  ///< the last valid ACK, and the last segment
  std::uint32_t peer_fin_ = 0;           ///< the last bits of its position
  std::uint32_t max_burst_;
  std::uint16_t receive_mss_, send_mss_limit_;
  std::uint8_t time_outs_ = 0;  ///< in a row
  std::uint8_t probes_ = 0;     ///< unanswered, of a window or to keep alive
  std::uint8_t persist_backoff_ = 0;
  ConnectionCounts counts_;
};

}  // namespace leat
