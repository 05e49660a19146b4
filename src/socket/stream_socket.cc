#include "socket/stream_socket.h"

#include "socket/errno_of.h"

namespace leat {

StreamSocket::StreamSocket(SocketContext& context, void* owner) : context_(context), owner_(owner) {
  local_.address = IpAddress::any_v4();
  remote_.address = IpAddress::any_v4();
  options_.tcp = context.config.tcp;
  options_.tcp.oob_inline = false;
  options_.tos = context.config.tcp.tos;
  options_.nodelay = context.config.tcp.nodelay;
  options_.cork = context.config.tcp.cork;
  options_.quick_ack = context.config.tcp.quick_ack;
  options_.send_buffer = context.config.wmem_default;
  options_.receive_buffer = context.config.rmem_default;
}

StreamSocket::~StreamSocket() {
  if (handle_) context_.by_handle.erase(handle_);
}

StreamSocket::Stage StreamSocket::stage() const {
  if (listening_) return Stage::listening;
  if (!handle_) return Stage::closed;
  const std::uint16_t bits = context_.stack.readiness(handle_);
  if ((bits & kEventClosed) != 0) return Stage::closed;
  return (bits & kEventConnected) != 0 ? Stage::open : Stage::connecting;
}

/// As the kernel's test for getpeername().
bool StreamSocket::has_peer() const { return remote_.port != 0 && stage() == Stage::open; }

void StreamSocket::take_handle(SocketHandle handle) {
  handle_ = handle;
  context_.by_handle.emplace(handle, this);
  done_ = failed_ = false;
}

void StreamSocket::drop_handle(Instant now) {
  if (!handle_) return;
  context_.by_handle.erase(handle_);
  static_cast<void>(context_.stack.close(handle_, now));
  handle_ = {};
}

std::optional<TcpInfo> StreamSocket::tcp_info() const {
  if (!handle_) return std::nullopt;
  const expected<TcpInfo, Error> info = context_.stack.info(handle_);
  if (!info) return std::nullopt;
  return *info;
}

void StreamSocket::unbind(Instant now) {
  if (bound_) static_cast<void>(context_.stack.close(std::exchange(bound_, {}), now));
}

void StreamSocket::sharing_changed() {
  if (bound_) static_cast<void>(context_.stack.set_sharing(bound_, sharing));
  if (handle_) static_cast<void>(context_.stack.set_sharing(handle_, sharing));
}

QueuedBytes StreamSocket::queued() const {
  return handle_ ? context_.stack.queued(handle_).value_or(QueuedBytes{}) : QueuedBytes{};
}

// Events.

void StreamSocket::absorb(std::uint16_t bits) {
  if (listening_) return;
  if ((bits & kEventPeerClosed) != 0) {
    done_ = true;
    shutdown_ |= kReceiveShut;
  }
  if ((bits & kEventError) != 0 && !std::exchange(failed_, true)) {
    const Error why = context_.stack.error(handle_);
    // Linux: a reset in CLOSE-WAIT is a broken pipe.
    const bool half_open = done_ && (shutdown_ & kSendShut) == 0;
    error_ = why == Error::reset && half_open ? EPIPE : errno_of(why);
  }
  if ((bits & kEventClosed) != 0) shutdown_ = kBothShut;
}

std::uint32_t StreamSocket::on_event(std::uint16_t bits) {
  absorb(bits);
  if ((bits & kEventWritable) != 0) starved_ = false;
  if ((bits & (kEventConnected | kEventPeerClosed | kEventClosed | kEventError)) != 0) return 0;
  std::uint32_t key = 0;
  if ((bits & (kEventReadable | kEventAcceptable)) != 0) key |= EPOLLIN | EPOLLRDNORM;
  if ((bits & kEventWritable) != 0) key |= EPOLLOUT | EPOLLWRNORM;
  if ((bits & kEventUrgent) != 0) key |= EPOLLPRI;
  return key != 0 ? key : static_cast<std::uint32_t>(EPOLLMSG);  // kEventFlushed alone: only close() waits for it
}

/// Has it arrived, and is it unread?
bool StreamSocket::has_urgent_byte() const {
  std::uint8_t byte;
  if (!options_.oob_inline) return context_.stack.read_urgent(handle_, byte, false).value_or(0) > 0;
  const TcpInfo info = tcp_info().value_or(TcpInfo{});
  return info.urgent > 0 && info.urgent <= info.unread;
}

/// SO_RCVLOWAT is there, or as much of it as the window lets in.
bool StreamSocket::has_enough(std::size_t target) const {
  const std::size_t readable = queued().readable;
  if (readable == 0 || readable >= target) return readable >= target;
  const TcpInfo info = tcp_info().value_or(TcpInfo{});
  return info.rcv_wnd <= info.rcv_mss;
}

std::uint32_t StreamSocket::poll_mask() const {
  constexpr std::uint32_t kIn = EPOLLIN | EPOLLRDNORM;
  constexpr std::uint32_t kOut = EPOLLOUT | EPOLLWRNORM;
  const Stage at = stage();
  const std::uint16_t bits = handle_ ? context_.stack.readiness(handle_) : std::uint16_t{0};
  if (at == Stage::listening) return (bits & kEventAcceptable) != 0 ? kIn : 0;
  std::uint32_t mask = error_ != 0 ? std::uint32_t{EPOLLERR} : 0;
  if (shutdown_ == kBothShut || at == Stage::closed) mask |= EPOLLHUP;
  if ((shutdown_ & kReceiveShut) != 0) mask |= kIn | EPOLLRDHUP;
  if (at == Stage::connecting) return mask;
  const std::size_t target = wanted(SIZE_MAX, 0);
  const bool simple = target == 1 && !done_ && !failed_ && (bits & kEventUrgent) == 0;
  if (simple ? (bits & kEventReadable) != 0 : handle_ && has_enough(target)) mask |= kIn;
  const bool has_room = (bits & kEventWritable) != 0 && !starved_;
  if ((shutdown_ & kSendShut) != 0 || at == Stage::closed || has_room) mask |= kOut;
  if ((bits & kEventUrgent) != 0 && has_urgent_byte()) mask |= EPOLLPRI;
  return mask;
}

}  // namespace leat
