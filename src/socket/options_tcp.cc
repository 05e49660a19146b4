// IPPROTO_TCP, and what of all levels the Stack is told.
#include <linux/tcp.h>

#include <string>

#include "socket/errno_of.h"
#include "socket/options.h"
#include "tcp/congestion/registry.h"

namespace leat {
namespace {

constexpr int kLongestKeepAlive = 32767;  // seconds
constexpr int kMostProbes = 127;
constexpr int kLongestFinWait = 120;  // seconds
constexpr int kLeastMss = 88, kMostMss = 32767;
constexpr int kLeastClamp = 1152;  // half of the smallest receive buffer
constexpr std::size_t kNameSize = 16;
constexpr std::uint32_t kFirstTimeout = 1, kLastTimeout = 120;  // seconds, of a SYN-ACK

// TCP_DEFER_ACCEPT is kept as a number of SYN-ACKs: these are how long they take.
std::uint8_t retransmissions_in(int seconds) {
  if (seconds <= 0) return 0;
  std::uint32_t count = 1, timeout = kFirstTimeout, period = timeout;
  while (static_cast<std::uint32_t>(seconds) > period && count < 255) {
    ++count;
    timeout = std::min(timeout * 2, kLastTimeout);
    period += timeout;
  }
  return static_cast<std::uint8_t>(count);
}

std::uint32_t seconds_for(std::uint8_t retransmissions) {
  std::uint32_t timeout = kFirstTimeout, period = 0;
  for (; retransmissions > 0; --retransmissions) {
    period += timeout;
    timeout = std::min(timeout * 2, kLastTimeout);
  }
  return period;
}

int set_linger2(SocketOptions& o, int seconds) {
  o.linger2 = seconds < 0 ? -1 : std::min(seconds, kLongestFinWait);
  return 0;
}

int set_clamp(SocketOptions& o, int value, bool closed) {
  if (value == 0 && !closed) return EINVAL;
  o.window_clamp = value == 0 ? 0 : std::max(value, kLeastClamp);
  return 0;
}

std::int64_t seconds_of(Duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }

int set_congestion(StreamSocket& socket, const OptionInput& input, Instant now) {
  if (input.length < 1) return EINVAL;
  const char* text = static_cast<const char*>(input.value);
  std::string name(text, std::min<std::size_t>(input.length, kNameSize - 1));
  name.resize(std::strlen(name.c_str()));
  std::string before = std::exchange(socket.options().tcp.congestion_control, name);
  if (const int error = socket.options_changed(now)) {
    socket.options().tcp.congestion_control = std::move(before);
    return error;
  }
  return 0;
}

int get_congestion(const StreamSocket& socket, const OptionOutput& output) {
  char name[kNameSize] = {};
  const std::string& text = socket.options().tcp.congestion_control;
  std::memcpy(name, text.data(), std::min(text.size(), kNameSize - 1));
  return output.object(name);
}

}  // namespace

int set_tcp_option(StreamSocket& socket, int name, const OptionInput& input, Instant now) {
  if (name == TCP_CONGESTION) return set_congestion(socket, input, now);
  SocketOptions& o = socket.options();
  int value = 0;
  if (!input.read(value)) return EINVAL;
  const StreamSocket::Stage stage = socket.stage();
  const bool closed = stage == StreamSocket::Stage::closed;
  switch (name) {
    case TCP_MAXSEG: return value == 0 ? (o.max_segment = 0) : set_within(o.max_segment, value, kLeastMss, kMostMss);
    case TCP_NODELAY:
      o.nodelay = value != 0;
      if (o.nodelay) socket.push_pending(now);
      return 0;
    case TCP_CORK:
      o.cork = value != 0;
      if (!o.cork && o.nodelay) socket.push_pending(now);
      return 0;
    case TCP_KEEPIDLE: return set_within(o.keep_idle, value, 1, kLongestKeepAlive);
    case TCP_KEEPINTVL: return set_within(o.keep_interval, value, 1, kLongestKeepAlive);
    case TCP_KEEPCNT: return set_within(o.keep_count, value, 1, kMostProbes);
    case TCP_SYNCNT: return set_within(o.syn_count, value, 1, kMostProbes);
    case TCP_LINGER2: return set_linger2(o, value);
    case TCP_DEFER_ACCEPT: o.defer_accept = retransmissions_in(value); return 0;
    case TCP_WINDOW_CLAMP: return set_clamp(o, value, closed);
    case TCP_QUICKACK: return socket.set_quick_ack(value, now), 0;
    case TCP_USER_TIMEOUT: return value < 0 ? EINVAL : (o.user_timeout = value, 0);
    case TCP_NOTSENT_LOWAT: o.notsent_lowat = static_cast<std::uint32_t>(value); return 0;
    case TCP_THIN_LINEAR_TIMEOUTS: return set_within(o.thin_linear, value, 0, 1);
    case TCP_THIN_DUPACK: return value < 0 || value > 1 ? EINVAL : 0;  // Linux, too, has forgotten it
    case TCP_SAVE_SYN: return set_within(o.save_syn, value, 0, 2);
    case TCP_INQ: return set_within(o.inq, value, 0, 1);
    case TCP_REPAIR:
    case TCP_TIMESTAMP: return EPERM;
    default: return ENOPROTOOPT;
  }
}

int get_tcp_option(StreamSocket& socket, int name, const OptionOutput& output, Instant now) {
  const SocketOptions& o = socket.options();
  if (static_cast<int>(*output.length) < 0) return EINVAL;
  const TcpSettings& system = socket.context().config.tcp;
  const KeepAlive keep = system.keep_alive.value_or(KeepAlive{});
  const auto set_or = [](std::int64_t set, std::int64_t otherwise) { return set != 0 ? set : otherwise; };
  switch (name) {
    case TCP_MAXSEG: return output.integer(socket.segment_size());
    case TCP_NODELAY: return output.integer(o.nodelay);
    case TCP_CORK: return output.integer(o.cork);
    case TCP_KEEPIDLE: return output.integer(set_or(o.keep_idle, seconds_of(keep.idle)));
    case TCP_KEEPINTVL: return output.integer(set_or(o.keep_interval, seconds_of(keep.interval)));
    case TCP_KEEPCNT: return output.integer(set_or(o.keep_count, keep.probes));
    case TCP_SYNCNT: return output.integer(set_or(o.syn_count, system.syn_retries));
    case TCP_LINGER2: return output.integer(set_or(o.linger2, seconds_of(system.fin_wait_2)));
    case TCP_DEFER_ACCEPT: return output.integer(seconds_for(o.defer_accept));
    case TCP_WINDOW_CLAMP: return output.integer(o.window_clamp);
    case TCP_INFO: return get_tcp_info(socket, now, output);
    case TCP_QUICKACK: return output.integer(socket.quick_ack());
    case TCP_CONGESTION: return get_congestion(socket, output);
    case TCP_USER_TIMEOUT: return output.integer(o.user_timeout);
    case TCP_NOTSENT_LOWAT: return output.integer(o.notsent_lowat);
    case TCP_THIN_LINEAR_TIMEOUTS: return output.integer(o.thin_linear);
    case TCP_THIN_DUPACK: return output.integer(0);
    case TCP_SAVE_SYN: return output.integer(o.save_syn);
    case TCP_INQ: return output.integer(o.inq);
    case TCP_CC_INFO: return output.bytes("", 0);  // the controllers there are tell nothing
    default: return ENOPROTOOPT;
  }
}

TcpSettings StreamSocket::stack_options() const {
  const SocketOptions& o = options_;
  TcpSettings tcp = o.tcp;
  tcp.tos = o.tos;
  if (o.ttl > 0) tcp.ttl = static_cast<std::uint8_t>(o.ttl);
  tcp.nodelay = o.nodelay;
  tcp.cork = o.cork;
  tcp.oob_inline = o.oob_inline;
  tcp.quick_ack = o.quick_ack;
  if (o.max_segment > 0) tcp.mss = static_cast<std::uint16_t>(o.max_segment);
  if (o.syn_count > 0) tcp.syn_retries = tcp.syn_ack_retries = static_cast<unsigned>(o.syn_count);
  if (o.linger2 != 0) tcp.fin_wait_2 = std::chrono::seconds(std::max(o.linger2, 0));
  if (o.window_clamp > 0) tcp.window_clamp = static_cast<std::uint32_t>(o.window_clamp);
  if (o.user_timeout > 0) tcp.user_timeout = std::chrono::milliseconds(o.user_timeout);
  if (o.notsent_lowat > 0) tcp.notsent_lowat = o.notsent_lowat;
  tcp.defer_accept = std::chrono::seconds(seconds_for(o.defer_accept));
  if (!o.keep_alive) {
    tcp.keep_alive.reset();
    return tcp;
  }
  KeepAlive keep = context_.config.tcp.keep_alive.value_or(KeepAlive{});
  if (o.keep_idle > 0) keep.idle = std::chrono::seconds(o.keep_idle);
  if (o.keep_interval > 0) keep.interval = std::chrono::seconds(o.keep_interval);
  if (o.keep_count > 0) keep.probes = static_cast<unsigned>(o.keep_count);
  tcp.keep_alive = keep;
  return tcp;
}

int StreamSocket::options_changed(Instant now) {
  const TcpSettings tcp = stack_options();
  if (!handle_) return is_controller(tcp.congestion_control) ? 0 : ENOENT;
  const expected<void, Error> set = context_.stack.set_options(handle_, tcp, now);
  if (set) return 0;
  return set.error() == Error::invalid_argument ? ENOENT : errno_of(set.error());
}

void StreamSocket::set_quick_ack(int value, Instant now) {
  options_.quick_ack = value != 0;
  if (handle_ && !listening_) static_cast<void>(context_.stack.set_quick_ack(handle_, options_.quick_ack, now));
}

void StreamSocket::push_pending(Instant now) {
  if (has_peer()) static_cast<void>(context_.stack.push_pending(handle_, now));
}

bool StreamSocket::quick_ack() const {
  const std::optional<TcpInfo> info = has_peer() ? tcp_info() : std::nullopt;
  return info ? info->quick_ack : options_.quick_ack;
}

int StreamSocket::segment_size() const {
  constexpr int kDefault = 536;  // RFC 9293 §3.7.1
  const std::optional<TcpInfo> info = handle_ && !listening_ ? tcp_info() : std::nullopt;
  if (info && info->snd_mss > 0) return static_cast<int>(info->snd_mss);
  return options_.max_segment > 0 ? options_.max_segment : kDefault;
}

}  // namespace leat
