#include "tcp/connection.h"

#include <algorithm>

#include "tcp/connection/opening.h"
#include "tcp/connection/segment_arrival.h"
#include "tcp/connection/syn_sent_arrival.h"
#include "tcp/connection/timer_expiry.h"
#include "tcp/connection/transmission.h"
#include "tcp/connection/user_read.h"
#include "tcp/connection/user_write.h"

namespace leat {
namespace {

// RFC 1191 §6.5: data in flight in segments that are too large is sent again in smaller ones. That is no congestion.
void on_smaller_path(ConnectionCore& c, std::uint16_t mss_limit, Instant now) {
  // A forged report could ask for less than any real path has (RFC 5927 §7.2; Linux: min_pmtu of 552).
  constexpr std::uint16_t kLeast = 512;
  const std::uint16_t mss = std::max(mss_limit, kLeast);
  if (mss >= c.send_mss_limit) return;
  c.send_mss_limit = mss;
  if (c.state == TcpState::syn_sent || c.state == TcpState::syn_received) return;
  const std::uint32_t before = c.sender.path_mss();
  c.sender.peer().lower_mss(c.payload_of(mss));
  if (c.sender.path_mss() >= before) return;
  c.congestion->on_mss_change(c.sender.path_mss());
  if (c.flight) c.flight->recovery.set_mss(c.sender.path_mss());
  if (c.sender.una() >= c.sender.nxt()) return;
  c.take_flight().recovery.on_smaller_path();
  c.take_flight().budget.end_reduction();
  c.arm_retransmission(now);
}

}  // namespace

void TcpConnection::open_active(Instant now) { Opening(c_).open_active(now); }

void TcpConnection::open_passive(const Handshake& handshake) { Opening(c_).open_passive(handshake); }

SegmentVerdict TcpConnection::on_segment(SegmentIn& segment, BufferPool& pool, Instant now) {
  c_.counts.segs_in += segment.wire_segments;
  if (segment.length > 0) c_.counts.data_segs_in += segment.wire_segments;
  SegmentVerdict verdict;
  c_.look_at_memory(pool);
  if (c_.state == TcpState::closed || c_.state == TcpState::listen) {
    verdict.drop = DropReason::NO_SOCKET;
    verdict.reset_reply = !segment.flags.rst();
  } else if (c_.state == TcpState::syn_sent) {
    verdict = SynSentArrival(c_, segment, pool, now).process();
  } else {
    verdict = SegmentArrival(c_, segment, pool, now).process();
  }
  if (c_.may_rest(now)) c_.rest();
  return verdict;
}

TimerVerdict TcpConnection::on_timer(Instant now) { return TimerExpiry(c_, now).process(); }

Instant TcpConnection::next_deadline() const {
  const Instant at_rest = std::min(c_.liveness.deadline(), c_.acks.deadline());
  return c_.flight ? std::min({c_.flight->loss_timer.deadline, c_.flight->persist_deadline, at_rest}) : at_rest;
}

bool TcpConnection::poll_transmit(SegmentOut& out, Instant now) { return Transmission(c_, out, now).next(); }

bool TcpConnection::poll_hurried_ack(SegmentOut& out, Instant now) { return Transmission(c_, out, now).hurried_ack(); }

expected<std::size_t, Error> TcpConnection::write(Bytes data, BufferPool& pool) {
  return UserWrite(c_).write(data, pool);
}

expected<std::size_t, Error> TcpConnection::write_more(Bytes data, BufferPool& pool) {
  return UserWrite(c_).write_more(data, pool);
}

expected<std::size_t, Error> TcpConnection::write_urgent(Bytes data, BufferPool& pool) {
  return UserWrite(c_).write_urgent(data, pool);
}

expected<void, Error> TcpConnection::write_borrowed(Bytes data, Release release, BufferPool& pool) {
  return UserWrite(c_).write_borrowed(data, release, pool);
}

expected<MutableBytes, Error> TcpConnection::prepare(std::size_t wanted, BufferPool& pool) {
  return UserWrite(c_).prepare(wanted, pool);
}

expected<void, Error> TcpConnection::commit(std::size_t n) { return UserWrite(c_).commit(n); }

expected<std::size_t, Error> TcpConnection::read(MutableBytes out) { return UserRead(c_).read(out); }

expected<std::size_t, Error> TcpConnection::view(std::span<Bytes> pieces) { return UserRead(c_).view(pieces); }

expected<std::size_t, Error> TcpConnection::consume(std::size_t n) { return UserRead(c_).consume(n); }

expected<std::size_t, Error> TcpConnection::peek(std::size_t offset, MutableBytes out) const {
  if (c_.user_gone) return unexpected(Error::closed);
  if (out.empty()) return std::size_t{0};
  const std::size_t n = c_.receiver.peek(offset, out, c_.settings->oob_inline);
  return n > 0 ? n : c_.nothing_to_read();
}

expected<std::size_t, Error> TcpConnection::read_urgent(std::uint8_t& byte, bool take) {
  return UserRead(c_).read_urgent(byte, take);
}

expected<void, Error> TcpConnection::shutdown_write() {
  if (c_.error != Error::none) return unexpected(c_.error);
  if (c_.state == TcpState::closed) return unexpected(Error::not_connected);
  if (c_.sender.fin_queued()) return {};
  static_cast<void>(c_.take_flight());
  c_.sender.queue_fin();
  // Before ESTABLISHED the FIN waits for the handshake (RFC 9293 §3.10.4).
  if (is_synchronized(c_.state)) c_.move(StateEvent::user_close);
  return {};
}

void TcpConnection::close(Instant now) {
  if (c_.user_gone) return;
  if (c_.state == TcpState::syn_sent) {
    c_.finish(Error::none);
  } else if (c_.receiver.readable() > 0 && is_synchronized(c_.state) && c_.state != TcpState::time_wait) {
    c_.abort(Error::aborted);
  } else if (c_.state != TcpState::closed && c_.state != TcpState::time_wait) {
    static_cast<void>(shutdown_write());
    if (c_.state == TcpState::fin_wait_2) c_.linger_in_fin_wait_2(now);
  }
  c_.user_gone = true;
  c_.receiver.discard();
}

void TcpConnection::on_unreachable(Error why) {
  if (c_.is_opening()) return c_.finish(why);
  c_.soft_error = why;
}

// A connection that is open goes on after any report (RFC 9293 §3.9.2.2, RFC 5927 §5). An attempt to open one ends, so
// that the application can try another address at once.
// DEVIATION: MUST-56 has attempts go on after soft errors; RFC 5461 §4.1 says why Linux's tcp_v4_err ends them.
bool TcpConnection::on_path_error(const PathError& error, Instant now) {
  const StreamPos pos = c_.send_map.from_wire(error.seq, c_.sender.una());
  const bool in_flight = c_.state != TcpState::closed && pos >= c_.sender.una() && pos <= c_.sender.nxt();
  if (!in_flight) return false;
  if (error.mss_limit > 0) {
    on_smaller_path(c_, error.mss_limit, now);
  } else if (c_.is_opening()) {
    c_.finish(error.error);
  } else {
    c_.soft_error = error.error;
  }
  return true;
}

}  // namespace leat
