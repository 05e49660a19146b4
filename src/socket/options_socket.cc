// SOL_SOCKET.
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <limits>

#include "socket/options.h"
#include "tcp/settings_ref.h"

namespace leat {
namespace {

// The kernel's smallest buffers: one or two packets with their bookkeeping.
constexpr std::int32_t kMinSendBuffer = 4608;
constexpr std::int32_t kMinReceiveBuffer = 2304;
constexpr int kNoLimit = std::numeric_limits<int>::max();

/// A negative value is a huge one, that is, `most`.
std::int32_t doubled(int value, int most, std::int32_t least) {
  const auto wanted = std::min(static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(most));
  const std::uint32_t bounded = std::min<std::uint32_t>(wanted, std::numeric_limits<std::int32_t>::max() / 2);
  return std::max(static_cast<std::int32_t>(bounded * 2), least);
}

void set_send_buffer(SocketOptions& o, int value, int most) {
  o.send_buffer = doubled(value, most, kMinSendBuffer);
  o.tcp.send_buffer = static_cast<std::size_t>(o.send_buffer / 2);
}

void set_receive_buffer(SocketOptions& o, int value, int most) {
  o.receive_buffer = doubled(value, most, kMinReceiveBuffer);
  o.tcp.receive_buffer = static_cast<std::size_t>(o.receive_buffer / 2);
}

/// A reader must not wait for more than can ever be there.
std::int32_t low_water(int value, const SocketOptions& o) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  const auto room =
      static_cast<std::int32_t>(std::min(o.tcp.receive_buffer.value_or(o.tcp.receive_growth.most / 2), kMost));
  return value < 0 ? room : std::clamp(value, 1, room);
}

int set_timeout(std::optional<Duration>& timeout, const OptionInput& input) {
  timeval tv;
  if (!input.read(tv)) return EINVAL;
  if (tv.tv_usec < 0 || tv.tv_usec >= 1'000'000) return EDOM;
  if (tv.tv_sec < 0) {
    timeout = Duration::zero();
  } else if (tv.tv_sec == 0 && tv.tv_usec == 0) {
    timeout.reset();
  } else {
    constexpr std::int64_t kLongest = std::int64_t{100} * 365 * 86400;  // a Duration holds it
    timeout = std::chrono::seconds(std::min<std::int64_t>(tv.tv_sec, kLongest)) + std::chrono::microseconds(tv.tv_usec);
  }
  return 0;
}

int get_timeout(const std::optional<Duration>& timeout, const OptionOutput& output) {
  timeval tv{};
  if (timeout) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(*timeout).count();
    tv.tv_sec = us / 1'000'000;
    tv.tv_usec = us % 1'000'000;
  }
  return output.object(tv);
}

int set_linger(SocketOptions& options, const OptionInput& input) {
  linger value;
  if (!input.read(value)) return EINVAL;
  options.linger = value.l_onoff != 0;
  if (options.linger) options.linger_seconds = value.l_linger;
  return 0;
}

/// SO_SNDBUF or SO_RCVBUF: what the user has set, doubled, or what the connection's has grown to.
std::int32_t send_buffer_of(const SocketOptions& o, const TcpInfo& info) {
  return o.tcp.send_buffer ? o.send_buffer : std::max(o.send_buffer, static_cast<std::int32_t>(info.snd_buffer));
}
std::int32_t receive_buffer_of(const SocketOptions& o, const TcpInfo& info) {
  return o.tcp.receive_buffer ? o.receive_buffer
                              : std::max(o.receive_buffer, static_cast<std::int32_t>(info.rcv_buffer));
}

/// SO_MEMINFO. Nothing is allocated ahead, and no device keeps what was sent: the rest is 0.
int get_memory(const StreamSocket& socket, const TcpInfo& info, const OptionOutput& output) {
  enum { kReceived = 0, kReceiveBuffer = 1, kSendBuffer = 3, kQueued = 5, kFields = 9 };  // as linux/sock_diag.h has it
  std::array<std::uint32_t, kFields> memory{};
  memory[kReceived] = static_cast<std::uint32_t>(memory_of(info.unread));
  memory[kReceiveBuffer] = static_cast<std::uint32_t>(receive_buffer_of(socket.options(), info));
  memory[kSendBuffer] = static_cast<std::uint32_t>(send_buffer_of(socket.options(), info));
  memory[kQueued] = static_cast<std::uint32_t>(memory_of(info.unacked + info.notsent));
  return output.object(memory);
}

}  // namespace

int set_socket_option(StreamSocket& socket, int name, const OptionInput& input) {
  SocketOptions& o = socket.options();
  const SocketsConfig& system = socket.context().config;
  int value = 0;
  if (!input.read(value)) return EINVAL;
  const bool on = value != 0;
  switch (name) {
    case SO_DEBUG: o.debug = on; return 0;
    case SO_REUSEADDR:
    case SO_REUSEPORT:
      if (name == SO_REUSEADDR) socket.sharing.reuse_address = on;
      else socket.sharing.reuse_port = on;
      socket.sharing_changed();
      return 0;
    case SO_DONTROUTE: o.dont_route = on; return 0;
    case SO_BROADCAST: o.broadcast = on; return 0;
    case SO_NO_CHECK: o.no_check = on; return 0;
    case SO_KEEPALIVE: o.keep_alive = on; return 0;
    case SO_OOBINLINE: o.oob_inline = on; return 0;
    case SO_PRIORITY: return value < 0 || value > 6 ? EPERM : set_within(o.priority, value, 0, 6);
    case SO_SNDBUF: set_send_buffer(o, value, system.wmem_max); return 0;
    case SO_RCVBUF: set_receive_buffer(o, value, system.rmem_max); return 0;
    // For administrators; whoever has the host is its administrator.
    case SO_SNDBUFFORCE: set_send_buffer(o, std::max(value, 0), kNoLimit); return 0;
    case SO_RCVBUFFORCE: set_receive_buffer(o, std::max(value, 0), kNoLimit); return 0;
    case SO_RCVLOWAT: o.receive_low_water = low_water(value, o); return 0;
    case SO_LINGER: return set_linger(o, input);
    case SO_RCVTIMEO: return set_timeout(o.receive_timeout, input);
    case SO_SNDTIMEO: return set_timeout(o.send_timeout, input);
    default: return ENOPROTOOPT;
  }
}

int get_socket_option(StreamSocket& socket, int name, const OptionOutput& output) {
  const SocketOptions& o = socket.options();
  switch (name) {
    case SO_DEBUG: return output.integer(o.debug);
    case SO_REUSEADDR: return output.integer(socket.sharing.reuse_address);
    case SO_REUSEPORT: return output.integer(socket.sharing.reuse_port);
    case SO_DONTROUTE: return output.integer(o.dont_route);
    case SO_BROADCAST: return output.integer(o.broadcast);
    case SO_NO_CHECK: return output.integer(o.no_check);
    case SO_KEEPALIVE: return output.integer(o.keep_alive);
    case SO_OOBINLINE: return output.integer(o.oob_inline);
    case SO_PRIORITY: return output.integer(o.priority);
    case SO_SNDBUF: return output.integer(send_buffer_of(o, socket.tcp_info().value_or(TcpInfo{})));
    case SO_RCVBUF: return output.integer(receive_buffer_of(o, socket.tcp_info().value_or(TcpInfo{})));
    case SO_MEMINFO: return get_memory(socket, socket.tcp_info().value_or(TcpInfo{}), output);
    case SO_RCVLOWAT: return output.integer(o.receive_low_water);
    case SO_SNDLOWAT: return output.integer(1);
    case SO_TYPE: return output.integer(SOCK_STREAM);
    case SO_PROTOCOL: return output.integer(IPPROTO_TCP);
    case SO_DOMAIN: return output.integer(AF_INET);
    case SO_ERROR: return output.integer(socket.take_error());
    case SO_ACCEPTCONN: return output.integer(socket.stage() == StreamSocket::Stage::listening);
    case SO_LINGER: return output.object(linger{o.linger, o.linger_seconds});
    case SO_RCVTIMEO: return get_timeout(o.receive_timeout, output);
    case SO_SNDTIMEO: return get_timeout(o.send_timeout, output);
    default: return ENOPROTOOPT;
  }
}

}  // namespace leat
