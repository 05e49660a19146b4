// TcpConnection: one TCP connection, by RFC 9293 §3.10: the face that the stack and the user see. Behind it stand the
// parts of ConnectionCore, which do not know each other, and the procedures that work on them (tcp/connection/).
//
// The stack calls on_segment for each segment that has arrived and on_timer when next_deadline() has come. After these
// and after every call of the user it calls poll_transmit until that returns false. Addresses and ports stay outside.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "leat/error.h"
#include "leat/expected.h"
#include "leat/tcp_info.h"
#include "leat/tcp_settings.h"
#include "tcp/connection/core.h"
#include "tcp/connection/report.h"
#include "tcp/engine/half_open.h"
#include "tcp/segment.h"

namespace leat {

class TcpConnection {
 public:
  /// `flights` outlives it.
  TcpConnection(const ConnectionConfig& config, TcpSettingsRef settings, FlightPool& flights)
      : c_(config, std::move(settings), flights) {}
  ~TcpConnection() { c_.rest(); }
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  void open_active(Instant now);
  /// The peer has answered the SYN-ACK of a half-open entry. Its segment goes to on_segment next.
  void open_passive(const Handshake& handshake);

  SegmentVerdict on_segment(SegmentIn& segment, BufferPool& pool, Instant now);
  TimerVerdict on_timer(Instant now);
  Instant next_deadline() const;
  /// Fills `out` with the next segment; false when there is nothing to send now.
  bool poll_transmit(SegmentOut& out, Instant now);

  // The user's calls (RFC 9293 §3.10.2 to §3.10.6).
  expected<std::size_t, Error> write(Bytes data, BufferPool& pool);
  /// As write(), and less than a segment waits for the data that follows.
  expected<std::size_t, Error> write_more(Bytes data, BufferPool& pool);
  /// As write(), and the bytes taken become urgent together with all before them (RFC 9293 §3.8.5).
  expected<std::size_t, Error> write_urgent(Bytes data, BufferPool& pool);
  /// Takes all of `data` by reference, beyond the limit if it must, but only while the limit is not reached.
  /// `release`: see Slice::when_released.
  expected<void, Error> write_borrowed(Bytes data, Release release, BufferPool& pool);
  /// Room in the send buffer for up to `wanted` bytes. commit() says how many of them are written.
  expected<MutableBytes, Error> prepare(std::size_t wanted, BufferPool& pool);
  expected<void, Error> commit(std::size_t n);
  expected<std::size_t, Error> read(MutableBytes out);
  /// The bytes that read() would copy, where they lie, until consume() or read(). Returns the number of pieces; 0 at
  /// the end of the stream.
  expected<std::size_t, Error> view(std::span<Bytes> pieces);
  expected<std::size_t, Error> consume(std::size_t n);
  expected<std::size_t, Error> peek(std::size_t offset, MutableBytes out) const;
  expected<std::size_t, Error> read_urgent(std::uint8_t& byte, bool take);
  expected<void, Error> shutdown_write();
  /// The user gives the connection up: FIN, or RST when unread data is thrown away (RFC 2525 §2.17).
  void close(Instant now);
  /// Sends a RST, if the peer knows of the connection, and goes to CLOSED.
  void abort(Error why) { c_.abort(why); }
  /// No route or neighbour leads to the peer. Ends a connection that is still being opened.
  void on_unreachable(Error why);
  /// False when `error` quotes no segment in flight, so that an attacker may have forged it (RFC 5927 §4.1).
  bool on_path_error(const PathError& error, Instant now);

  const TcpSettingsRef& options() const { return c_.settings; }
  void set_options(TcpSettingsRef settings, Instant now);
  void set_quick_ack(bool quick);
  /// No segment has bytes from before and behind this point of the stream.
  void end_record() { c_.sender.end_record(); }
  /// Sends data that waits to become a whole segment.
  void push_pending() { c_.sender.small_segments().push(); }

  TcpState state() const { return c_.state; }
  Error error() const { return c_.error; }
  /// Event bits since the last call.
  std::uint16_t take_events() { return std::exchange(c_.events, std::uint16_t{0}); }
  /// Everything else that can be asked.
  ConnectionReport report() const { return ConnectionReport(c_); }
  std::uint16_t readiness() const { return report().readiness(); }
  TcpInfo info() const { return report().info(); }

  /// An ACK is owed at once, for example a window update after read().
  bool wants_to_send_ack() const { return c_.acks.owed() > 0; }
  /// An ACK is owed that must not wait for the rest of the segments that have arrived.
  bool hurries_to_ack() const { return c_.acks.hurries(); }
  /// Fills `out` with that ACK; false when it cannot be sent now.
  bool poll_hurried_ack(SegmentOut& out, Instant now);

 private:
  ConnectionCore c_;
};

}  // namespace leat
