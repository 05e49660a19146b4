// Data through a StreamSocket: the loops of the kernel's tcp_sendmsg and tcp_recvmsg, as far as a caller sees them.
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>

#include "socket/errno_of.h"
#include "socket/stream_socket.h"

namespace leat {

// Sending.

/// Before the handshake is over, and when there will never be one.
Result StreamSocket::why_not_sending() {
  if (const int error = take_error()) return Result::failure(error);
  return stage() == Stage::connecting ? Result::pending() : Result::failure(EPIPE);
}

Result StreamSocket::send(IoCursor& cursor, int flags, Instant now) {
  const auto so_far = [&](int error) {
    return cursor.done() > 0 ? Result{static_cast<std::int64_t>(cursor.done())} : Result::failure(error);
  };
  const bool broken = error_ != 0 || (shutdown_ & kSendShut) != 0;
  if (cursor.done() > 0 && broken) return so_far(0);
  if (stage() != Stage::open) return why_not_sending();
  if (broken) {
    const int error = take_error();
    return Result::failure(error != 0 ? error : EPIPE);
  }
  starved_ = false;
  while (cursor.left() > 0) {
    const MutableBytes piece = cursor.next();
    const bool last = piece.size() == cursor.left();
    expected<std::size_t, Error> taken = unexpected(Error::would_block);
    if ((flags & MSG_OOB) != 0 && last) {
      taken = context_.stack.write_urgent(handle_, piece, now);
    } else if ((flags & MSG_MORE) != 0 || !last) {
      taken = context_.stack.write_more(handle_, piece, now);
    } else {
      taken = context_.stack.write(handle_, piece, now);
    }
    if (taken) {
      cursor.advance(*taken);
    } else if (taken.error() == Error::would_block || taken.error() == Error::no_buffers) {
      starved_ = taken.error() == Error::no_buffers;
      return Result::pending();
    } else {
      absorb(context_.stack.readiness(handle_));
      const int error = cursor.done() > 0 ? 0 : take_error();
      return so_far(error != 0 ? error : errno_of(taken.error()));
    }
  }
  if ((flags & MSG_EOR) != 0 && cursor.done() > 0) static_cast<void>(context_.stack.end_record(handle_));
  return {static_cast<std::int64_t>(cursor.done())};
}

// Receiving.

/// How many bytes make a receive worth its return.
std::size_t StreamSocket::wanted(std::size_t total, int flags) const {
  if ((flags & MSG_WAITALL) != 0) return std::max<std::size_t>(total, 1);
  return std::clamp<std::size_t>(total, 1, static_cast<std::size_t>(std::max(options_.receive_low_water, 1)));
}

/// Bytes to read in front of the last urgent one; 0 when there is none.
std::size_t StreamSocket::before_mark() const {
  const std::uint32_t urgent = tcp_info().value_or(TcpInfo{}).urgent;
  return urgent > 0 ? urgent - 1 : 0;
}

/// The queue is empty: is that the end, an error, or a reason to wait?
Result StreamSocket::nothing_to_read() {
  if (done_) return {};
  if (const int error = take_error()) return Result::failure(error);
  if ((shutdown_ & kReceiveShut) != 0) return {};
  return stage() == Stage::closed ? Result::failure(ENOTCONN) : Result::pending();
}

/// TCP_INQ: what there is to read, in sequence numbers; so that the end, too, is something.
std::int32_t StreamSocket::bytes_in_queue() const {
  return static_cast<std::int32_t>(tcp_info().value_or(TcpInfo{}).unread) + (done_ ? 1 : 0);
}

Result StreamSocket::receive(IoCursor& cursor, int flags, MessageFacts& message, Instant now) {
  if (listening_) return Result::failure(ENOTCONN);
  const Result result =
      (flags & MSG_OOB) != 0 ? receive_urgent(cursor, flags, message.flags) : receive_data(cursor, flags, now);
  // Also of what it has to wait for: its time may be over.
  if (options_.inq) message.in_queue = bytes_in_queue();
  return result;
}

Result StreamSocket::receive_data(IoCursor& cursor, int flags, Instant now) {
  const bool peek = (flags & MSG_PEEK) != 0;
  if (peek) cursor.rewind();
  const std::size_t target = wanted(cursor.total(), flags);
  const std::size_t mark = peek ? before_mark() : 0;
  std::array<std::uint8_t, 4096> nowhere;
  bool stopped = false;  // in front of urgent data
  while (handle_ && cursor.left() > 0 && !stopped) {
    const bool drop = (flags & MSG_TRUNC) != 0;  // the caller's memory may be none
    const MutableBytes piece =
        drop ? MutableBytes(nowhere).first(std::min(nowhere.size(), cursor.left())) : cursor.next();
    const expected<std::size_t, Error> got =
        peek ? context_.stack.peek(handle_, cursor.done(), piece) : context_.stack.read(handle_, piece, now);
    if (!got || *got == 0) break;
    cursor.advance(*got);
    stopped = peek ? cursor.done() == mark : context_.stack.at_mark(handle_).value_or(false);
  }
  const bool has_data = cursor.total() == 0 && queued().readable > 0;
  if (cursor.done() >= target || stopped || has_data) return {static_cast<std::int64_t>(cursor.done())};
  if (cursor.done() > 0) {
    const bool over = error_ != 0 || (shutdown_ & kReceiveShut) != 0 || stage() == Stage::closed;
    return over ? Result{static_cast<std::int64_t>(cursor.done())} : Result::pending();
  }
  return nothing_to_read();
}

/// MSG_OOB never waits.
Result StreamSocket::receive_urgent(IoCursor& cursor, int flags, int& message_flags) {
  if (!handle_ || options_.oob_inline) return Result::failure(EINVAL);
  std::uint8_t byte = 0;
  const bool take = (flags & MSG_PEEK) == 0;
  const expected<std::size_t, Error> got = context_.stack.read_urgent(handle_, byte, take);
  if (!got) return Result::failure(errno_of(got.error()));
  if (*got == 0) return {};
  message_flags |= MSG_OOB;
  if (cursor.total() == 0) {
    message_flags |= MSG_TRUNC;
    return {};
  }
  if ((flags & MSG_TRUNC) == 0) cursor.next()[0] = byte;
  return {1};
}

Result StreamSocket::ioctl(unsigned long request, int* value) const {
  if (request != SIOCATMARK && listening_) return Result::failure(EINVAL);
  const bool synchronized = stage() != Stage::connecting;
  const QueuedBytes bytes = synchronized ? queued() : QueuedBytes{};
  switch (request) {
    case SIOCATMARK: *value = handle_ && context_.stack.at_mark(handle_).value_or(false) ? 1 : 0; break;
    case FIONREAD: *value = static_cast<int>(bytes.readable); break;
    case SIOCOUTQ: *value = static_cast<int>(bytes.unacked); break;
    case SIOCOUTQNSD: *value = static_cast<int>(bytes.unsent); break;
    default: return Result::failure(ENOTTY);
  }
  return {};
}

}  // namespace leat
