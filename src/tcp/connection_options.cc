// Settings that change while the connection is open, and what of them acts at once: as in Linux's setsockopt(2).
#include <algorithm>

#include "tcp/connection.h"

namespace leat {

void TcpConnection::set_options(TcpSettingsRef options, Instant now) {
  const TcpSettingsRef before = std::exchange(options_, std::move(options));
  if (options_->send_buffer) sender_.set_limit(*options_->send_buffer);
  if (options_->receive_buffer) receiver_.set_limit(*options_->receive_buffer);
  sender_.set_nodelay(options_->nodelay);
  sender_.set_cork(options_->cork);
  receiver_.set_clamp(options_->window_clamp);
  if (congestion_ && before->congestion_control != options_->congestion_control) replace_controller();
  if (before->keep_alive != options_->keep_alive) rearm_keep_alive(before->keep_alive, now);
  if (before->quick_ack != options_->quick_ack) set_quick_ack(options_->quick_ack);
  if (!is_writable()) writer_waits_ = true;  // by a limit that was lowered: nobody has been refused, but many may wait
  wake_writer();
}

// What the path has taught about cwnd stays; how it grows from here on is the new one's affair.
void TcpConnection::replace_controller() {
  ControllerConfig config;
  config.mss = sender_.path_mss();
  config.initial_cwnd = congestion_->cwnd();
  config.initial_ssthresh = congestion_->ssthresh();
  std::unique_ptr<CongestionController> next = make_controller(options_->congestion_control, config);
  if (next) congestion_ = std::move(next);
}

void TcpConnection::rearm_keep_alive(const std::optional<KeepAlive>& before, Instant now) {
  if (!options_->keep_alive) {
    keep_alive_deadline_ = kNever;
    return;
  }
  if (!is_synchronized(state_) || state_ == TcpState::time_wait) return;
  const Duration idle = options_->keep_alive->idle;
  if (!before) {
    keep_alive_deadline_ = now + idle;
  } else if (before->idle != idle) {
    keep_alive_deadline_ = std::max(now, heard_at_ + idle);
  }
}

void TcpConnection::set_quick_ack(bool quick) {
  acks_.set_interactive(!quick);
  // Linux asks as if something had just been read: nobody may be about to answer what lies unread.
  if (quick && acks_.is_delayed() && receiver_.readable() == 0 && can_receive(state_)) acks_.ack_now();
}

}  // namespace leat
