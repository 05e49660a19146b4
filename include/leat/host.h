// leat::Host: a TCP/IP host of your own on a link, with connections that block the calling thread.
//
//   auto host = leat::Host::open({.link = "tap:leat0", .addresses = {*leat::IpPrefix::parse("10.0.0.2/24")}});
//   auto conn = host->connect({*leat::IpAddress::parse("10.0.0.1"), 80});
//   conn->write_all(request);  conn->read(buffer);
//
// A Host runs its stack on a thread of its own, so segments are answered while the application works.
// Threading: every function here may be called from any thread, except from inside an event handler
// (which runs on the stack's thread and uses `EventLoop` instead). Handles are move-only; destroying a
// Connection closes it gracefully in the background, destroying the Host aborts what is left.
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

struct HostConfig {
  /// "raw" or "raw:IFACE" (the machine's own addresses), "packet:IFACE", "xdp:IFACE[:QUEUE]", "tap:NAME", "tun:NAME" or
  /// "memory:NAME" (two hosts of one process with the same NAME are joined).
  std::string link{};
  /// At least one. On a raw link it is the kernel's; on a packet or xdp link it may be the kernel's on that interface,
  /// which is then shared. None, on these: all of the kernel's, or the first one of the interface.
  std::vector<IpPrefix> addresses{};
  std::optional<IpAddress> gateway{};  ///< on one of the addresses' subnets; the kernel's when its address is shared
  std::optional<MacAddress> mac{};     ///< else the kernel's when shared or on an xdp link, else a random local one
  std::optional<std::uint32_t> mtu{};  ///< 576..65535; else the device's
  /// Faults of the link, emulated: frames pass them in this order, each way.
  std::vector<Impairment> impairments{};
  /// Super-segments, and checksums that are left to the link, where it can: false has every frame made as it is on the
  /// wire, and tap: and tun: links receive them so.
  bool offloads = true;
  TcpSettings tcp{};
  Polling polling = Polling::adaptive;  ///< how the host's thread waits for packets
  /// A file to write every frame to, as pcapng, with a comment on each that is dropped, sent again, or sent to probe
  /// or to challenge; "-" is standard output, and empty is none. It shows what the stack sees: super-segments whole,
  /// checksums filled in.
  std::string capture{};
  /// Told of trouble that does not stop the host, such as a full disk under the capture: a sentence, once for each
  /// kind. Called on the host's thread; must neither block nor throw.
  std::function<void(const std::string&)> on_warning{};
};

/// Why a host could not be opened: a code, and a sentence that says what to do.
struct HostError {
  Error code = Error::system;
  std::string message;
};

/// What a link really does, for people and tests.
struct LinkInfo {
  std::string name;           ///< as given in HostConfig::link
  std::string description{};  ///< what it got of what it could have had: "native XDP, copy mode"; often empty
  MacAddress mac;             ///< zero without a link layer (tun)
  std::uint32_t mtu = 0;
  std::uint32_t max_super_segment = 0;  ///< 0: plain frames only
  bool completes_checksums = false;
  std::uint64_t rx_packets = 0, rx_bytes = 0, tx_packets = 0, tx_bytes = 0, rx_dropped = 0, tx_refused = 0;
  std::uint64_t rx_partial_checksums = 0;       ///< packets received before their checksum was filled in
  std::uint64_t rx_super_segments = 0;          ///< packets received that stand for several wire segments
  std::vector<ImpairmentReport> impairments{};  ///< of HostConfig, those of the way in first
};

struct ConnectOptions {
  std::optional<Duration> timeout{};  ///< else bounded by TcpSettings::syn_retries alone
  /// Queued at once, so that it may ride on the ACK that completes the handshake. Taken whole or refused
  /// with no_buffers when larger than the send buffer.
  std::span<const std::uint8_t> first_data{};
  std::uint16_t local_port = 0;  ///< 0: a random ephemeral one (RFC 6056)
};

/// One TCP connection. All functions but the destructor block until done; a time-out of nullopt waits for ever.
class Connection {
 public:
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();  ///< as close(), without waiting

  /// Waits for at least one byte. 0 is the peer's FIN (or an empty buffer). Errors: timed_out (the connection
  /// is unharmed when it is the call's own time-out), reset, closed (by another thread meanwhile), aborted (the Host
  /// is gone), no_device (its link is). These hold for the other calls as well.
  expected<std::size_t, Error> read(std::span<std::uint8_t> buffer, std::optional<Duration> timeout = {});
  /// Waits for room for at least one byte and takes what fits.
  expected<std::size_t, Error> write(std::span<const std::uint8_t> data, std::optional<Duration> timeout = {});
  /// As write; tells the peer that what was taken, and all that was written before it, is urgent (RFC 9293 §3.8.5).
  /// It stays in the stream, where it was written. The other way: TcpInfo::urgent, kEventUrgent.
  expected<std::size_t, Error> write_urgent(std::span<const std::uint8_t> data, std::optional<Duration> timeout = {});
  /// Repeats write() until all is taken into the send buffer; the time-out bounds each wait, not the whole.
  expected<void, Error> write_all(std::span<const std::uint8_t> data, std::optional<Duration> timeout = {});
  /// No more writes: FIN after what is queued. Reading goes on (RFC 9293 §3.6).
  expected<void, Error> shutdown();
  /// Ends both directions: FIN after what is queued, RST when unread data is thrown away (RFC 2525 §2.17).
  /// Waits until the peer acknowledged everything, at most `linger`; true when it did.
  expected<bool, Error> close(Duration linger = std::chrono::seconds(0));
  /// RST now; everything queued is dropped.
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

class Listener {
 public:
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();  ///< connections not accepted yet are reset

  expected<Connection, Error> accept(std::optional<Duration> timeout = {});
  Endpoint local() const;

 private:
  friend class Host;
  struct State;
  explicit Listener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Host {
 public:
  static expected<Host, HostError> open(const HostConfig& config);
  /// `cores` hosts, 1 to 64, with one address on one link, each on a thread of its own that stays on a CPU. They share
  /// nothing: each connection belongs to the one that the kernel gives its segments to, so each must listen.
  /// On tap: and tun:, packet: with an address of its own, and xdp: on an interface that has a queue for each; no
  /// capture, no impairments. For servers: the kernel may give the answers to what connect() opens to another core (on
  /// tap: and tun: when it was idle for seconds).
  static expected<std::vector<Host>, HostError> open_cores(const HostConfig& config, unsigned cores);
  Host(Host&&) noexcept;
  Host& operator=(Host&&) noexcept;
  ~Host();

  expected<Connection, Error> connect(const Endpoint& remote, const ConnectOptions& options = {});
  /// An unspecified address listens on all of the host's; port 0 picks a free one.
  expected<Listener, Error> listen(const Endpoint& local, unsigned backlog = 128);

  /// Runs `f` on the stack's thread; see leat/event_loop.h for what it can do there.
  void post(std::function<void(EventLoop&)> f);

  Counters counters() const;
  LinkInfo link() const;
  MemoryInfo memory() const;
  /// Listeners and connections, also those that were closed and go on in the background.
  std::vector<SocketInfo> sockets() const;
  /// The error that ended the link (its interface was removed), if one did.
  std::optional<Error> failure() const;

 private:
  struct State;
  explicit Host(std::unique_ptr<State> state);
  static expected<Host, HostError> start(const HostConfig& config, WorkerLink link);
  std::unique_ptr<State> state_;
};

}  // namespace leat
