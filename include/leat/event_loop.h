// EventLoop: what a function that runs on a host's own thread can do there, without ever waiting.
//
//   host->post([](leat::EventLoop& loop) {
//     auto listener = *loop.listen({leat::IpAddress::any_v4(), 7});
//     loop.set_handler(listener, [](leat::EventLoop& l, const leat::Event& e) {
//       while (auto socket = l.accept(e.socket)) l.set_handler(*socket, echo);
//     });
//   });
//
// Threading: an EventLoop is handed to functions given to Host::post, to handlers and to timers. They run one after
// the other on the host's thread, must not throw and must not block (nor call Host, Connection or Listener), and may
// use the EventLoop until they return. While they run, no segment is answered: keep them short.
//
// A socket made here belongs to whoever made it until close() or abort(); the end of the Host aborts what is left.
// Calls with the handle of a socket that is gone fail with bad_handle; they never touch its successor.
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

class EventLoop {
 public:
  using Function = std::function<void(EventLoop&)>;
  using Handler = std::function<void(EventLoop&, const Event&)>;

  /// A timer that was set; names it for cancel().
  struct Timer {
    Instant due{};
    std::uint64_t number = 0;
    constexpr bool operator==(const Timer&) const = default;
    /// Earlier first, and in the order of setting among those of one instant.
    constexpr bool operator<(const Timer& o) const { return due != o.due ? due < o.due : number < o.number; }
  };

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// When this turn of the loop began, on the monotonic clock; it stands still while a function runs.
  Instant now() const;

  /// Starts to connect; kEventConnected or kEventError tells how it ended. ConnectOptions::timeout does not count
  /// here: set a timer. Errors: network_unreachable, address_not_available, address_in_use, no_buffers.
  expected<SocketHandle, Error> connect(const Endpoint& remote, const ConnectOptions& options);
  expected<SocketHandle, Error> connect(const Endpoint& remote);
  /// An unspecified address listens on all of the host's; port 0 picks a free one. kEventAcceptable follows.
  expected<SocketHandle, Error> listen(const Endpoint& local, unsigned backlog = 128);
  /// would_block when nobody waits. Give the socket its handler before returning from the function that accepts
  /// it: an event for what it has received by now follows.
  expected<SocketHandle, Error> accept(SocketHandle listener);

  /// Copies in-order data out. 0: the peer's FIN (or an empty buffer); would_block: nothing yet.
  expected<std::size_t, Error> read(SocketHandle socket, std::span<std::uint8_t> buffer);
  /// Takes what fits into the send buffer; would_block: full, kEventWritable follows.
  expected<std::size_t, Error> write(SocketHandle socket, std::span<const std::uint8_t> data);
  /// As write, and urgent: see Connection::write_urgent.
  expected<std::size_t, Error> write_urgent(SocketHandle socket, std::span<const std::uint8_t> data);
  /// As read(), without the copy: fills `pieces`, from the front, with where in-order data lies and returns how many.
  /// 0: the peer's FIN (or no pieces); would_block: nothing yet. They are valid until consume(), read(), close() or
  /// abort() of this socket, and no longer than until the function returns that was given the EventLoop.
  expected<std::size_t, Error> view(SocketHandle socket, std::span<std::span<const std::uint8_t>> pieces);
  /// Forgets up to `n` bytes of what view() gives, which makes room for the peer; returns how many. What is not
  /// consumed comes again with the next view().
  expected<std::size_t, Error> consume(SocketHandle socket, std::size_t n);
  /// Sends `data`, up to 1 GiB, from where it is: all of it, however large, unless the send buffer is full
  /// (would_block) or memory is short (no_buffers); kEventWritable follows. It must not change until `release` is
  /// called, once, on the host's thread: when all of it was acknowledged or the connection is over, before the Host has
  /// ended; perhaps before this call returns, or within abort(). `release` must not throw nor use an EventLoop, a
  /// Connection or a Listener; Host::post may be used. After an error it is not called. Up to 2 kB are copied: for many
  /// small pieces use write().
  expected<void, Error> write_borrowed(SocketHandle socket, std::span<const std::uint8_t> data,
                                       std::function<void()> release);
  /// Room in the send buffer for up to `wanted` bytes, often fewer: fill it in, and commit() what you have, before any
  /// other call and before the function returns that was given the EventLoop. For data that must be put somewhere
  /// anyway, such as what is read from a file; ask for no more than you expect to have, since it takes memory. Errors
  /// as write's.
  expected<std::span<std::uint8_t>, Error> prepare(SocketHandle socket, std::size_t wanted);
  /// Writes the first `n` bytes of what prepare() gave, 0 when nothing came of it. invalid_argument: it gave fewer.
  expected<void, Error> commit(SocketHandle socket, std::size_t n);
  /// FIN after what is queued; reading goes on. kEventFlushed follows when the peer has acknowledged it.
  expected<void, Error> shutdown(SocketHandle socket);
  /// Gives the handle up, and its handler: FIN after what is queued, in the background; RST when unread data is
  /// lost (RFC 2525 §2.17). A listener resets what was not accepted.
  expected<void, Error> close(SocketHandle socket);
  /// RST now, and gone.
  expected<void, Error> abort(SocketHandle socket);

  /// Sends an ICMP echo request with `payload`. Errors: network_unreachable, host_unreachable (one of this host's own
  /// addresses), invalid_argument (it does not fit into a packet of the link), no_buffers.
  expected<void, Error> ping(const IpAddress& remote, std::uint16_t id, std::uint16_t sequence,
                             std::span<const std::uint8_t> payload);
  /// Calls `handler` for each reply to a ping of this host; an empty one for silence. Replies may come twice or never.
  using EchoHandler = std::function<void(EventLoop&, const EchoReply&)>;
  void set_echo_handler(EchoHandler handler);

  /// The EventBits that hold now.
  std::uint16_t readiness(SocketHandle socket) const;
  /// Why the connection failed; none while it has not.
  Error error(SocketHandle socket) const;
  expected<TcpInfo, Error> info(SocketHandle socket) const;
  expected<Endpoint, Error> local(SocketHandle socket) const;
  expected<Endpoint, Error> remote(SocketHandle socket) const;
  const Counters& counters() const;

  /// Calls `handler` for each event of the socket, in place of an earlier handler; an empty one for silence.
  void set_handler(SocketHandle socket, Handler handler);

  /// Calls `f` once, when the time has come; never before this function returns.
  Timer call_at(Instant due, Function f);
  Timer call_after(Duration delay, Function f) { return call_at(now() + delay, std::move(f)); }
  /// False when it has run or was cancelled before.
  bool cancel(const Timer& timer);

 private:
  friend class Engine;
  explicit EventLoop(Engine& engine) : engine_(engine) {}
  Engine& engine_;
};

}  // namespace leat
