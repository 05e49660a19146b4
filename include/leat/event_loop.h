// EventLoop: the calls of a function that runs on the host's own thread. None of them waits.
//
//   host->post([](leat::EventLoop& loop) {
//     auto listener = *loop.listen({leat::IpAddress::any_v4(), 7});
//     loop.set_handler(listener, [](leat::EventLoop& l, const leat::Event& e) {
//       while (auto socket = l.accept(e.socket)) l.set_handler(*socket, echo);
//     });
//   });
//
// Threading: functions given to Host::post, handlers and timers receive an EventLoop. They run one after another on the
// host's thread and may use the EventLoop until they return. They must not throw, block, or call Host, Connection or
// Listener. The host answers no segment while they run, so keep them short.
//
// The application owns a socket until close() or abort(). The destructor of the Host aborts the remaining sockets. A
// call with the handle of a closed socket fails with bad_handle, and never acts on a later socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "leat/address.h"
#include "leat/counters.h"
#include "leat/echo.h"
#include "leat/error.h"
#include "leat/event.h"
#include "leat/expected.h"
#include "leat/tcp_info.h"
#include "leat/time.h"

namespace leat {

class Engine;
struct ConnectOptions;

/// The face of a host on its own thread. Calls with a socket also fail with bad_handle, or with the reason why the
/// connection failed.
class EventLoop {
 public:
  using Function = std::function<void(EventLoop&)>;
  using Handler = std::function<void(EventLoop&, const Event&)>;

  /// A timer, for cancel().
  struct Timer {
    Instant due{};
    std::uint64_t number = 0;
    constexpr bool operator==(const Timer&) const = default;
    /// Orders timers by instant; timers of one instant by the order of the calls that set them.
    constexpr bool operator<(const Timer& o) const { return due != o.due ? due < o.due : number < o.number; }
  };

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// The start of this turn of the loop on the monotonic clock. It does not advance while a function runs.
  Instant now() const;

  /// Starts to connect. kEventConnected or kEventError follows. ConnectOptions::timeout is ignored: set a timer
  /// instead. Errors: network_unreachable, address_not_available, address_in_use, no_buffers.
  expected<SocketHandle, Error> connect(const Endpoint& remote, const ConnectOptions& options);
  expected<SocketHandle, Error> connect(const Endpoint& remote);
  /// Listens. The unspecified address means all addresses of the host, port 0 a free port. kEventAcceptable follows for
  /// connections. Errors: address_in_use, address_not_available, no_buffers.
  expected<SocketHandle, Error> listen(const Endpoint& local, unsigned backlog = 128);
  /// Returns the next connection, or would_block if none is waiting. Set its handler before the function returns that
  /// accepts it: an event for data that it has received already follows.
  expected<SocketHandle, Error> accept(SocketHandle listener);

  /// Copies received data, in order. Returns the number of bytes; 0 is the peer's FIN, or an empty buffer. would_block:
  /// no data yet.
  expected<std::size_t, Error> read(SocketHandle socket, std::span<std::uint8_t> buffer);
  /// Copies data into the send buffer and returns how much fits. would_block: the buffer is full, and kEventWritable
  /// follows.
  expected<std::size_t, Error> write(SocketHandle socket, std::span<const std::uint8_t> data);
  /// Writes urgent data: see Connection::write_urgent.
  expected<std::size_t, Error> write_urgent(SocketHandle socket, std::span<const std::uint8_t> data);
  /// Reads without a copy: points `pieces` at received data, in order, and returns the number of pieces used. 0 is the
  /// peer's FIN, or no pieces. would_block: no data yet. The pieces are valid until consume(), read(), close() or
  /// abort() of this socket, and at most until the function returns that received the EventLoop.
  expected<std::size_t, Error> view(SocketHandle socket, std::span<std::span<const std::uint8_t>> pieces);
  /// Releases the first `n` bytes that view() returns, which reopens the window for the peer. Returns how many were
  /// released. The next view() returns the rest again.
  expected<std::size_t, Error> consume(SocketHandle socket, std::size_t n);
  /// Writes up to 1 GiB without a copy. It takes all of `data`, or fails with would_block (the send buffer is full) or
  /// no_buffers (memory is short), and kEventWritable follows.
  ///
  /// `data` must not change until `release` is called. That happens once, on the host's thread, when the peer has
  /// acknowledged all of it or the connection has ended, at the latest in the destructor of the Host. It may happen
  /// before this call returns, or within abort(). `release` must not throw or use an EventLoop, Connection or Listener;
  /// it may call Host::post. It is not called after an error. Data of up to 2 kB is copied, so use write() for small
  /// pieces.
  expected<void, Error> write_borrowed(SocketHandle socket, std::span<const std::uint8_t> data,
                                       std::function<void()> release);
  /// Returns room in the send buffer for up to `wanted` bytes, often for fewer. Fill it, and commit() it before any
  /// other call and before the function returns that received the EventLoop. It saves a copy of data that is produced
  /// anyway, such as read from a file. Ask for no more than you expect to fill, because the room takes memory. Errors
  /// as for write().
  expected<std::span<std::uint8_t>, Error> prepare(SocketHandle socket, std::size_t wanted);
  /// Writes the first `n` bytes of the room that prepare() returned; 0 gives it back. invalid_argument: `n` is larger
  /// than the room.
  expected<void, Error> commit(SocketHandle socket, std::size_t n);
  /// Sends a FIN after the queued data. The socket can still be read. kEventFlushed follows when the peer has
  /// acknowledged the FIN.
  expected<void, Error> shutdown(SocketHandle socket);
  /// Ends the handle and its handler. The connection sends a FIN after the queued data in the background, or a RST if
  /// received data is unread (RFC 2525 §2.17). A listener resets the connections that were not accepted.
  expected<void, Error> close(SocketHandle socket);
  /// Sends a RST now and ends the handle.
  expected<void, Error> abort(SocketHandle socket);

  /// Sends an ICMP echo request with `payload`. Errors: network_unreachable, host_unreachable (`remote` is this
  /// host's), invalid_argument (the payload exceeds a packet of the link), no_buffers.
  expected<void, Error> ping(const IpAddress& remote, std::uint16_t id, std::uint16_t sequence,
                             std::span<const std::uint8_t> payload);
  /// Sets the function for replies to pings of this host; an empty one ignores them. A reply may come twice or never.
  using EchoHandler = std::function<void(EventLoop&, const EchoReply&)>;
  void set_echo_handler(EchoHandler handler);

  /// The EventBits that are true now.
  std::uint16_t readiness(SocketHandle socket) const;
  /// The reason why the connection failed; Error::none while it works.
  Error error(SocketHandle socket) const;
  expected<TcpInfo, Error> info(SocketHandle socket) const;
  expected<Endpoint, Error> local(SocketHandle socket) const;
  expected<Endpoint, Error> remote(SocketHandle socket) const;
  const Counters& counters() const;

  /// Sets the function for events of the socket. It replaces an earlier one; an empty one ignores events.
  void set_handler(SocketHandle socket, Handler handler);

  /// Calls `f` once at `due`, or after `delay`. It is never called before this function returns.
  Timer call_at(Instant due, Function f);
  Timer call_after(Duration delay, Function f) { return call_at(now() + delay, std::move(f)); }
  /// Cancels a timer. Returns false if it has run or was cancelled before.
  bool cancel(const Timer& timer);

 private:
  friend class Engine;
  explicit EventLoop(Engine& engine) : engine_(engine) {}
  Engine& engine_;
};

}  // namespace leat
