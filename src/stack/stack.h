// Stack: the sans-I/O whole. Packets and instants in, packets and events out; no clock, no thread, no syscall.
//
// Four verbs drive it: receive(batch, now), transmit(batch, now), next_deadline(), next_event(). The owner calls
//   receive   with what a device delivered,
//   transmit  after each receive, each call of the application and each deadline, until it adds nothing,
//   next_event until it gives nothing.
// Timers run inside transmit. Everything else is the application's side: connect, listen, read, write …
// One owner at a time: nothing here is thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "ip/address_conflict.h"
#include "ip/icmp.h"
#include "ip/interface_id.h"
#include "leat/address.h"
#include "leat/counters.h"
#include "leat/echo.h"
#include "leat/error.h"
#include "leat/event.h"
#include "leat/expected.h"
#include "leat/statistics.h"
#include "leat/tcp_info.h"
#include "leat/tcp_settings.h"
#include "leat/time.h"
#include "packet/device_caps.h"
#include "packet/packet.h"
#include "tcp/engine/port_sharing.h"

namespace leat {

struct StackConfig {
  Seed seed;          ///< all randomness and all secrets; from getrandom(2), or fixed for a replay
  TcpSettings tcp{};  ///< defaults of new connections
};

/// Interfaces are numbered from 1 in the order of add_interface.
struct InterfaceConfig {
  DeviceCaps caps;
  MacAddress mac;                    ///< ignored without a link layer
  std::uint32_t mtu = 1500;          ///< at most caps.mtu
  std::vector<IpPrefix> addresses;   ///< each also gives a connected route
  std::optional<IpAddress> gateway;  ///< default route
};

struct ConnectRequest {
  Endpoint remote;
  std::uint16_t local_port = 0;              ///< 0: random ephemeral (RFC 6056)
  std::optional<IpAddress> local_address{};  ///< else by the route
  std::optional<std::uint32_t> mtu{};        ///< of the path, where it is known to be less than the interface's
  Bytes first_data{};                        ///< may ride on the handshake's ACK
  std::optional<TcpSettings> options{};      ///< else the Stack's
  /// A socket of bind() whose address and port are to be used, in place of local_address and local_port; it stays.
  SocketHandle bound{};
  /// Of an ephemeral port. A local_port without `bound` is used as if bound with reuse_address.
  PortSharing sharing{};
};

/// Where a connection would leave.
struct OutgoingPath {
  InterfaceId interface = 0;
  IpAddress source;
};

class Stack {
 public:
  Stack(const StackConfig& config, BufferPool& pool);
  ~Stack();  ///< silent: aborts nothing on the wire

  expected<InterfaceId, Error> add_interface(const InterfaceConfig& config);
  /// One more address of an interface. False when no host can have it, or there are too many.
  bool add_address(InterfaceId interface, const IpPrefix& address);
  bool is_local(const IpAddress& address) const;
  /// Call it when the link of `interface` comes up: neighbours that know another link address for ours, perhaps that of
  /// an earlier run, learn the new one at once (RFC 5227 §2.3). Nothing is sent where the kernel has the address too.
  void announce(InterfaceId interface, Instant now);
  /// Another station that uses one of our addresses (RFC 5227 §2.4), told once a minute. Connections suffer until one
  /// of both gives the address up.
  std::optional<AddressConflict> next_address_conflict();
  /// The way of a connection to `remote`. Errors as of connect().
  expected<OutgoingPath, Error> path_to(const IpAddress& remote) const;

  // The four verbs.
  /// Takes every packet of the batch; it is empty afterwards.
  void receive(InterfaceId interface, PacketBatch& batch, Instant now);
  /// What became of each packet of the last batch, in its order; valid until the next one.
  std::span<const PacketVerdict> verdicts() const;
  /// Runs due timers and adds packets for `interface` to `out`, up to its room. True when there may be
  /// more: call again after the device took these. Connections of other interfaces keep their segments.
  bool transmit(InterfaceId interface, PacketBatch& out, Instant now);
  /// transmit(interface) may have something to add. Connections that wait for a blocked device cost nothing until then.
  bool has_output(InterfaceId interface) const;
  /// When transmit, for any interface, must be called because a timer is due.
  Instant next_timer() const;
  /// Both together: when transmit must be called even if nothing else happens; kNever when nothing is pending.
  Instant next_deadline() const;
  std::optional<Event> next_event();

  // Sockets. Whatever changes one takes the time, also where nothing depends on it yet.
  expected<SocketHandle, Error> connect(const ConnectRequest& request, Instant now);
  /// `local.port` 0 picks an ephemeral one. As after a bind() with reuse_address.
  expected<SocketHandle, Error> listen(const Endpoint& local, unsigned backlog,
                                       const std::optional<TcpSettings>& options = {});
  /// Listens where a socket of bind() is, which stays: address_in_use when another listens there already.
  expected<SocketHandle, Error> listen(SocketHandle bound, unsigned backlog,
                                       const std::optional<TcpSettings>& options = {});
  /// Of a listener (a second listen() of Linux).
  expected<void, Error> set_backlog(SocketHandle listener, unsigned backlog);
  /// would_block when no connection is ready.
  expected<SocketHandle, Error> accept(SocketHandle listener);

  /// Reserves a local port by Linux's rules: address_in_use when a listener, a connection, one in TIME-WAIT or another
  /// reservation that does not share it has it, at the same address or any. Port 0 picks one that nothing uses
  /// (local() tells it); connect() without a port never picks a reserved one. Several connections, one after another or
  /// at once, and a listener can be made from it. Until close(); what was made from it keeps the port.
  expected<SocketHandle, Error> bind(const Endpoint& local, const PortSharing& sharing);
  /// Of a socket of bind(), a listener or a connection: what later ones are judged by.
  expected<void, Error> set_sharing(SocketHandle socket, const PortSharing& sharing);

  /// Of a connection or a listener; not_connected for a socket of bind().
  expected<TcpSettings, Error> options(SocketHandle socket) const;
  /// Replaces them; TcpSettings says what acts at once. invalid_argument: no such congestion control.
  expected<void, Error> set_options(SocketHandle socket, const TcpSettings& options, Instant now);
  /// TCP_QUICKACK in mid-connection: true acknowledges what waits at once and ends the interactive mode, as if nothing
  /// had been sent in answer yet; false enters it. As in Linux neither lasts: the traffic decides.
  expected<void, Error> set_quick_ack(SocketHandle socket, bool quick, Instant now);
  /// Sends what was written so far and waits to become a whole segment (Linux: tcp_push_pending_frames).
  expected<void, Error> push_pending(SocketHandle socket, Instant now);

  /// Copies in-order data out. 0: the peer's FIN. would_block: nothing yet. Stops in front of the last urgent byte;
  /// when it is the next one, begins with it or, without oob_inline, behind it (as Linux).
  expected<std::size_t, Error> read(SocketHandle socket, MutableBytes out, Instant now);
  /// As read, from `offset` bytes further on, and leaves everything where it is (MSG_PEEK, SO_PEEK_OFF).
  expected<std::size_t, Error> peek(SocketHandle socket, std::size_t offset, MutableBytes out) const;
  /// The last urgent byte, out of the stream (MSG_OOB): the stack's business, since what read() leaves out depends on
  /// it. invalid_argument: with oob_inline, when there is none, or it was taken or passed by read() already.
  /// would_block: announced, but not here yet; 0 when it never will be. `take` false leaves it there (MSG_PEEK).
  expected<std::size_t, Error> read_urgent(SocketHandle socket, std::uint8_t& byte, bool take);
  /// The next byte to be read is the last urgent one (SIOCATMARK, sockatmark(3)).
  expected<bool, Error> at_mark(SocketHandle socket) const;
  expected<QueuedBytes, Error> queued(SocketHandle socket) const;
  /// Copies what fits into the send buffer, before the handshake is over too. would_block: it is full, and
  /// kEventWritable follows.
  expected<std::size_t, Error> write(SocketHandle socket, Bytes data, Instant now);
  /// As write, and there is more to come (MSG_MORE): less than a whole segment waits for it, or for an acknowledgement,
  /// or as long as TcpSettings::cork says. No PSH.
  expected<std::size_t, Error> write_more(SocketHandle socket, Bytes data, Instant now);
  /// As write; tells the peer that what was taken, and all before it, is urgent (RFC 9293 §3.8.5).
  expected<std::size_t, Error> write_urgent(SocketHandle socket, Bytes data, Instant now);
  /// A record ends: later data shares no segment with it, also when it is sent again (MSG_EOR).
  expected<void, Error> end_record(SocketHandle socket);
  // Without a copy.
  /// What read() would copy, where it lies: fills `pieces` from the front and returns how many. 0: the peer's FIN.
  /// would_block: nothing yet. 0 also without `pieces`. They stay until consume(), read(), close() or abort() of this
  /// socket.
  expected<std::size_t, Error> view(SocketHandle socket, std::span<Bytes> pieces);
  /// Forgets up to `n` bytes of what view() gives, which makes room for the peer; returns how many.
  expected<std::size_t, Error> consume(SocketHandle socket, std::size_t n, Instant now);
  /// Sends `data`, up to 1 GiB, from where it is. All of it is taken, however large, unless the send buffer is full
  /// (would_block) or the pool empty (no_buffers); kEventWritable follows. It must stay as it is until `release` is
  /// called, once: when all of it was acknowledged or the connection is over, and no packet refers to it, nor what a
  /// socket of this host has received of it. That is inside a call of the Stack, perhaps this one, and must not use it.
  /// After an error it is not called. Up to 2 kB are copied, as write() does.
  expected<void, Error> write_borrowed(SocketHandle socket, Bytes data, Release release, Instant now);
  /// Room in the send buffer for up to `wanted` bytes, often fewer, to be filled in before any other call of the Stack,
  /// and then written by commit(), of 0 bytes when nothing came of it. Errors as write's.
  expected<MutableBytes, Error> prepare(SocketHandle socket, std::size_t wanted);
  /// Writes the first `n` bytes of what prepare() gave; invalid_argument: it gave fewer, or is too long ago.
  expected<void, Error> commit(SocketHandle socket, std::size_t n, Instant now);

  expected<void, Error> shutdown_write(SocketHandle socket, Instant now);
  /// The application gives the handle up: an orderly end by FIN, or RST when unread data is lost
  /// (RFC 2525 §2.17). The connection goes on in the background until TCP is done.
  expected<void, Error> close(SocketHandle socket, Instant now);
  /// RST and gone.
  expected<void, Error> abort(SocketHandle socket, Instant now);
  /// Sends an ICMP echo request to `remote`, from `local` or by the route. Errors: as connect's; invalid_argument when
  /// `payload` does not fit into a packet of the link, no_buffers.
  expected<void, Error> send_echo(const EchoRequest& request, Instant now);
  /// What came back for identifiers that were sent; at most 64 wait.
  std::optional<EchoReply> next_echo_reply();
  /// RST for every connection, also for those that were closed and still have something to deliver.
  void abort_all(Instant now);

  /// The level state behind events: the EventBits that hold now.
  std::uint16_t readiness(SocketHandle socket) const;
  /// Why the connection failed; none while it has not.
  Error error(SocketHandle socket) const;
  expected<TcpInfo, Error> info(SocketHandle socket) const;
  expected<Endpoint, Error> local(SocketHandle socket) const;
  expected<Endpoint, Error> remote(SocketHandle socket) const;

  /// Only with an interface that shares its address with the kernel: whether anything uses a local port, TIME-WAIT
  /// included; and a port that fell out of use, to be asked until there is none.
  bool is_port_used(std::uint16_t port) const;
  std::optional<std::uint16_t> next_unused_port();

  const Counters& counters() const;
  /// Sockets, half-open and TIME-WAIT entries alive, for leak checks.
  struct Population {
    std::size_t connections = 0, listeners = 0, half_open = 0, time_wait = 0, orphans = 0, neighbours = 0;
  };
  Population population() const;
  MemoryInfo memory() const;
  /// All listeners and connections, also those that the application has let go of.
  std::vector<SocketInfo> sockets() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
