// leat::Host: a TCP/IP host on a link, with connections whose calls block the calling thread.
//
//   auto host = leat::Host::open({.link = "tap:leat0", .addresses = {*leat::IpPrefix::parse("10.0.0.2/24")}});
//   auto conn = host->connect({*leat::IpAddress::parse("10.0.0.1"), 80});
//   conn->write_all(request);  conn->read(buffer);
//
// A Host runs its stack on a thread of its own, so it answers segments while the application works.
//
// Threading: every function may be called from any thread, except from an event handler. A handler runs on the stack's
// thread and uses `EventLoop` instead. Handles are move-only. The destructor of a Connection closes it in the
// background. The destructor of the Host aborts its remaining connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "leat/address.h"
#include "leat/counters.h"
#include "leat/error.h"
#include "leat/expected.h"
#include "leat/impairment.h"
#include "leat/polling.h"
#include "leat/statistics.h"
#include "leat/tcp_info.h"
#include "leat/tcp_settings.h"
#include "leat/time.h"

namespace leat {

class EventLoop;
struct WorkerLink;

/// The configuration of a host. Only `link` is required; some links require `addresses`.
struct HostConfig {
  /// "raw" or "raw:IFACE" (the addresses of the machine), "packet:IFACE", "xdp:IFACE[:QUEUE]", "tap:NAME", "tun:NAME"
  /// or "memory:NAME" (joins two hosts of one process that use the same NAME).
  std::string link{};
  /// Addresses with prefix lengths. tap, tun and memory links need at least one. On a raw link they must be addresses
  /// of the kernel; none means all of them. On a packet or xdp link they may be addresses of the kernel on that
  /// interface, which the host then shares; none means the first one.
  std::vector<IpPrefix> addresses{};
  std::optional<IpAddress> gateway{};  ///< in the subnet of an address; a shared address uses the kernel's
  /// Default: the kernel's if shared or on xdp. Otherwise a local one that the machine's id and name, the link and the
  /// first address determine, so that it is the same in each run; random where the machine has no id (machine-id(5)).
  std::optional<MacAddress> mac{};
  std::optional<std::uint32_t> mtu{};  ///< bytes, 576..65535; default: the device's
  /// Emulated faults of the link. Frames pass them in this order in each direction.
  std::vector<Impairment> impairments{};
  /// Uses super-segments and checksum offload where the link has them. False: the host sends each frame in its final
  /// form, and tap and tun links receive them so.
  bool offloads = true;
  TcpSettings tcp{};
  Polling polling = Polling::adaptive;  ///< how the host's thread waits for packets
  /// File for a capture of all frames in pcapng. Frames that are dropped, retransmitted, or sent as a probe or a
  /// challenge have a comment. "-" is standard output, empty is no capture. The capture shows frames as the stack sees
  /// them: super-segments are whole and checksums are filled in.
  std::string capture{};
  /// Receives a sentence about a problem that does not stop the host, such as a full disk under the capture, once for
  /// each kind. It is called on the host's thread, and must neither block nor throw.
  std::function<void(const std::string&)> on_warning{};
};

/// The reason why a host could not be opened: a code, and a sentence that says what to do.
struct HostError {
  Error code = Error::system;
  std::string message;
};

/// The properties and the counters of an open link.
struct LinkInfo {
  std::string name;           ///< HostConfig::link
  std::string description{};  ///< details of the mode, such as "native XDP, copy mode"; often empty
  MacAddress mac;             ///< zero on a link without Ethernet
  std::uint32_t mtu = 0;
  std::uint32_t max_super_segment = 0;  ///< bytes; 0: the link takes no super-segments
  bool completes_checksums = false;
  std::uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, rx_dropped = 0, tx_refused = 0;
  std::uint64_t rx_partial_checksums = 0;       ///< packets received without their final checksum
  std::uint64_t rx_super_segments = 0;          ///< packets received that hold several wire segments
  std::vector<ImpairmentReport> impairments{};  ///< of HostConfig; those of the direction in come first
};

struct ConnectOptions {
  std::optional<Duration> timeout{};  ///< default: TcpSettings::syn_retries alone limits it
  /// Data to queue before the handshake, so that the ACK that completes it can carry the data. More than the send
  /// buffer takes is refused with no_buffers.
  std::span<const std::uint8_t> first_data{};
  std::uint16_t local_port = 0;  ///< 0: a random ephemeral port (RFC 6056)
};

/// One TCP connection. All functions but the destructor block until they are done. Without a time-out they wait
/// forever.
class Connection {
 public:
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();  ///< closes as close() does, without waiting

  /// Waits for at least one byte and returns the number of bytes read. 0 means the peer's FIN, or an empty buffer.
  ///
  /// Errors of this and the other calls: timed_out (by `timeout`, the connection goes on; or the connection failed),
  /// reset, closed (another thread closed it), aborted (the Host is gone), no_device (the link is gone).
  expected<std::size_t, Error> read(std::span<std::uint8_t> buffer, std::optional<Duration> timeout = {});
  /// Waits for room for at least one byte in the send buffer. Returns the number of bytes taken.
  expected<std::size_t, Error> write(std::span<const std::uint8_t> data, std::optional<Duration> timeout = {});
  /// Writes, and tells the peer that the stream up to the last byte taken is urgent (RFC 9293 §3.8.5). The data stays
  /// in the stream. TcpInfo::urgent and kEventUrgent report urgent data of the peer.
  expected<std::size_t, Error> write_urgent(std::span<const std::uint8_t> data, std::optional<Duration> timeout = {});
  /// Repeats write() until the send buffer has taken all data. The time-out limits each wait, not the whole call.
  expected<void, Error> write_all(std::span<const std::uint8_t> data, std::optional<Duration> timeout = {});
  /// Sends a FIN after the queued data. The connection can still be read (RFC 9293 §3.6).
  expected<void, Error> shutdown();
  /// Ends both directions: sends a FIN after the queued data, or a RST if received data is unread (RFC 2525 §2.17).
  /// Waits up to `linger` until the peer has acknowledged everything, and returns whether it has.
  expected<bool, Error> close(Duration linger = std::chrono::seconds(0));
  /// Sends a RST now and drops all queued data.
  void abort();

  TcpInfo info() const;  ///< zeros after close()
  Endpoint local() const;
  Endpoint remote() const;

 private:
  friend class Host;
  friend class Listener;
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A listening socket. Threading as for Connection.
class Listener {
 public:
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();  ///< resets connections that were not accepted

  /// Waits for a connection. Errors: timed_out, closed, aborted, no_device.
  expected<Connection, Error> accept(std::optional<Duration> timeout = {});
  Endpoint local() const;

 private:
  friend class Host;
  struct State;
  explicit Listener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A TCP/IP host on a link, with its own thread.
class Host {
 public:
  /// Opens the link and starts the host. The error says what to do.
  static expected<Host, HostError> open(const HostConfig& config);
  /// Opens `cores` hosts, 1..64, with one address on one link, each on a thread that stays on one CPU. The hosts share
  /// nothing. A connection belongs to the host to which the kernel gives its segments, so each host must listen.
  ///
  /// Links: tap, tun, packet with an address of its own, and xdp on an interface with a queue for each host. Capture
  /// and impairments are not supported. It is for servers: after connect() the kernel may give the answers to another
  /// host (on tap and tun when the connection was idle for seconds).
  static expected<std::vector<Host>, HostError> open_cores(const HostConfig& config, unsigned cores);
  Host(Host&&) noexcept;
  Host& operator=(Host&&) noexcept;
  ~Host();

  /// Connects and waits for the handshake. Errors: refused, timed_out, host_unreachable, network_unreachable,
  /// address_not_available, address_in_use, no_buffers, aborted, no_device.
  expected<Connection, Error> connect(const Endpoint& remote, const ConnectOptions& options = {});
  /// Listens. The unspecified address means all addresses of the host, port 0 a free port. Errors: address_in_use,
  /// address_not_available, no_buffers, aborted, no_device.
  expected<Listener, Error> listen(const Endpoint& local, unsigned backlog = 128);

  /// Runs `f` on the stack's thread, after the functions posted before. leat/event_loop.h says what it can do there.
  void post(std::function<void(EventLoop&)> f);

  Counters counters() const;
  LinkInfo link() const;
  MemoryInfo memory() const;
  /// The listeners and connections, with closed connections that still deliver data.
  std::vector<SocketInfo> sockets() const;
  /// The error that ended the link, such as the removal of its interface. Nothing while the link works.
  std::optional<Error> failure() const;

 private:
  struct State;
  explicit Host(std::unique_ptr<State> state);
  static expected<Host, HostError> start(const HostConfig& config, WorkerLink link);
  std::unique_ptr<State> state_;
};

}  // namespace leat
