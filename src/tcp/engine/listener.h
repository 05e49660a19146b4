// ListenQueues: who has asked for a connection and not got one yet. Two queues with Linux's bounds: half-open entries
// up to the backlog, and established connections that nobody has accepted up to one more than it. What does not fit is
// dropped, never reset: the peer asks again, and may be luckier (as tcp_abort_on_overflow=0).
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/ring.h"
#include "leat/event.h"
#include "tcp/settings_ref.h"

namespace leat {

class ListenQueues {
 public:
  static constexpr unsigned kLargestBacklog = 4096;  ///< Linux: net.core.somaxconn

  ListenQueues(unsigned backlog, TcpSettingsRef settings) : options(std::move(settings)) { set_backlog(backlog); }
  void set_backlog(unsigned backlog) { backlog_ = std::min(backlog, kLargestBacklog); }

  TcpSettingsRef options;  ///< of what it accepts, too

  bool syn_queue_full() const { return half_open_ >= std::max(backlog_, 1u); }
  void half_open_added() { ++half_open_; }
  void half_open_removed() { --half_open_; }
  std::size_t half_open() const { return half_open_; }

  bool accept_queue_full() const { return ready_.size() > backlog_; }
  bool accept_queue_empty() const { return ready_.empty(); }
  std::size_t accept_queue() const { return ready_.size(); }
  unsigned backlog() const { return backlog_; }
  void push(SocketHandle connection) { ready_.push_back(connection); }
  SocketHandle pop() { return ready_.pop_front(); }

 private:
  unsigned backlog_ = 0;
  std::size_t half_open_ = 0;
  RingDeque<SocketHandle> ready_;
};

}  // namespace leat
