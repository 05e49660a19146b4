// StreamSocket: one TCP socket as Linux sees it, over at most one socket of the Stack. What it can do at once it does;
// where Linux would wait it answers Result::pending(), and is asked again after the next event. It knows no
// descriptors, no callers and no time-outs: SocketCalls does.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "leat/event.h"
#include "socket/io_cursor.h"
#include "socket/socket_options.h"
#include "socket/sockets.h"
#include "stack/stack.h"

namespace leat {

class StreamSocket;

struct HashHandle {
  std::size_t operator()(SocketHandle h) const { return std::size_t{h.generation} << 32 ^ h.index; }
};

/// What all sockets of one Sockets share.
struct SocketContext {
  Stack& stack;
  SocketsConfig config;
  std::unordered_map<SocketHandle, StreamSocket*, HashHandle> by_handle;
};

/// Bits of shutdown, as in the kernel's sk_shutdown.
enum ShutdownBits : std::uint8_t { kReceiveShut = 1, kSendShut = 2, kBothShut = 3 };

class StreamSocket {
 public:
  /// Where TCP stands, as far as the calls care. TIME-WAIT is `closed`, as for Linux's sockets.
  enum class Stage : std::uint8_t { closed, listening, connecting, open };

  StreamSocket(SocketContext& context, void* owner);
  StreamSocket(const StreamSocket&) = delete;
  StreamSocket& operator=(const StreamSocket&) = delete;
  ~StreamSocket();

  void* owner() const { return owner_; }  ///< the File; of no concern here
  SocketHandle handle() const { return handle_; }
  Stage stage() const;
  const Endpoint& local() const { return local_; }
  const Endpoint& remote() const { return remote_; }
  bool has_peer() const;

  // stream_socket_connect.cc
  Result bind(const sockaddr* address, socklen_t length);
  Result listen(int backlog, Instant now);
  /// Pending: nobody is there. Else `child` is a new socket of the Stack for adopt().
  Result accept(SocketHandle& child);
  void adopt(SocketHandle child, const StreamSocket& listener);
  /// Begins; connect_result() says how it goes. EALREADY when it was begun before and is not over.
  Result connect(const sockaddr* address, socklen_t length, Instant now);
  Result connect_result(Instant now);
  Result shutdown(int how, Instant now);
  /// close(): has what was written delivered? Pending while SO_LINGER shall wait for that.
  Result begin_close(Instant now);
  Result linger_result() const;
  /// The last of the socket; TCP goes on without it.
  void release(Instant now);

  // stream_socket_data.cc
  Result send(IoCursor& cursor, int flags, Instant now);
  /// The last send found no buffers though there was room. No event says when there are some again: it is for the
  /// owner to say so after a while, and not writable until then.
  bool is_starved() const { return starved_; }
  void hope_for_buffers() { starved_ = false; }
  Result receive(IoCursor& cursor, int flags, MessageFacts& message, Instant now);
  /// FIONREAD, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK.
  Result ioctl(unsigned long request, int* value) const;

  /// Takes in what has happened; gives the poll bits of what may have become true, 0 for all.
  std::uint32_t on_event(std::uint16_t bits);
  std::uint32_t poll_mask() const;
  int take_error() { return std::exchange(error_, 0); }

  // Options. Those who set them tell the Stack by options_changed().
  SocketOptions& options() { return options_; }
  const SocketOptions& options() const { return options_; }
  void sharing_changed();
  PortSharing sharing{};  ///< SO_REUSEADDR, SO_REUSEPORT
  const SocketContext& context() const { return context_; }
  /// Tells the Stack. ENOENT: it has no such congestion control.
  int options_changed(Instant now);
  void set_quick_ack(int value, Instant now);
  bool quick_ack() const;
  /// Sends what MSG_MORE, TCP_CORK or Nagle's algorithm hold back.
  void push_pending(Instant now);
  int segment_size() const;  ///< what TCP_MAXSEG says
  std::optional<TcpInfo> tcp_info() const;

 private:
  /// The kernel's socket_state.
  enum class Phase : std::uint8_t { unconnected, connecting, connected };

  void take_handle(SocketHandle handle);
  void drop_handle(Instant now);
  void unbind(Instant now);
  void disconnect(Instant now);
  void absorb(std::uint16_t bits);
  TcpSettings stack_options() const;

  Result receive_data(IoCursor& cursor, int flags, Instant now);
  Result receive_urgent(IoCursor& cursor, int flags, int& message_flags);
  std::int32_t bytes_in_queue() const;
  Result nothing_to_read();
  Result why_not_sending();
  std::size_t wanted(std::size_t total, int flags) const;
  std::size_t before_mark() const;
  QueuedBytes queued() const;
  bool has_urgent_byte() const;
  bool has_enough(std::size_t target) const;

  SocketContext& context_;
  void* owner_;
  SocketHandle bound_{};   ///< the port, reserved
  SocketHandle handle_{};  ///< a listener or a connection
  Phase phase_ = Phase::unconnected;
  bool listening_ = false;
  bool done_ = false;    ///< the peer's FIN was seen (the kernel's SOCK_DONE)
  bool failed_ = false;  ///< the Stack's error has become ours
  bool starved_ = false;
  bool port_locked_ = false;  ///< by bind(): survives a disconnect
  bool address_locked_ = false;
  std::uint8_t shutdown_ = 0;
  int error_ = 0;  ///< the kernel's sk_err
  Endpoint local_, remote_;
  SocketOptions options_;
};

}  // namespace leat
