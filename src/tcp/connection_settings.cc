// Settings that change while the connection is open, and which of them act at once, as in Linux's setsockopt(2).
#include <algorithm>
#include <utility>

#include "tcp/congestion/registry.h"
#include "tcp/connection.h"

namespace leat {
namespace {

// The window that the path has taught stays. How it grows from here on is up to the new controller.
void replace_controller(ConnectionCore& c) {
  ControllerConfig config;
  config.mss = c.sender.path_mss();
  config.initial_cwnd = c.congestion->cwnd();
  config.initial_ssthresh = c.congestion->ssthresh();
  std::unique_ptr<CongestionController> next = make_controller(c.settings->congestion_control, config);
  if (next) c.congestion = std::move(next);
}

void change_keep_alive(ConnectionCore& c, const std::optional<KeepAlive>& before, Instant now) {
  const bool kept = is_synchronized(c.state) && c.state != TcpState::time_wait;
  if (kept || !c.settings->keep_alive) c.liveness.on_keep_alive_changed(before, c.settings->keep_alive, now);
}

}  // namespace

void TcpConnection::set_options(TcpSettingsRef settings, Instant now) {
  const TcpSettingsRef before = std::exchange(c_.settings, std::move(settings));
  if (c_.settings->send_buffer) c_.sender.set_limit(*c_.settings->send_buffer);
  if (c_.settings->receive_buffer) c_.receiver.set_limit(*c_.settings->receive_buffer);
  c_.sender.small_segments().set_nodelay(c_.settings->nodelay);
  c_.sender.small_segments().set_cork(c_.settings->cork);
  c_.receiver.set_clamp(c_.settings->window_clamp);
  if (c_.congestion && before->congestion_control != c_.settings->congestion_control) replace_controller(c_);
  if (before->keep_alive != c_.settings->keep_alive) change_keep_alive(c_, before->keep_alive, now);
  if (before->quick_ack != c_.settings->quick_ack) set_quick_ack(c_.settings->quick_ack);
  if (!c_.is_writable()) c_.writer_waits = true;  // the limit was lowered: no write was refused, but a poll may wait
  c_.wake_writer();
}

void TcpConnection::set_quick_ack(bool quick) {
  c_.acks.set_interactive(!quick);
  // Linux acts as if data had just been read: while data lies unread, an answer that carries the ACK may follow.
  if (quick && c_.acks.is_delayed() && c_.receiver.readable() == 0 && can_receive(c_.state)) c_.acks.ack_now();
}

}  // namespace leat
