// IperfControl: the control connection of an iperf3 test, on a host's thread: what waits to be said, and what has come.
// Also a timer that knows whether it is set. Used by both sides.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/bench/iperf_protocol.h"
#include "leat/event_loop.h"

namespace leat::command {

/// One timer at a time.
class Alarm {
 public:
  void set(EventLoop& loop, Duration delay, EventLoop::Function f);
  void cancel(EventLoop& loop);

 private:
  std::optional<EventLoop::Timer> timer_;
};

class IperfControl {
 public:
  explicit IperfControl(SocketHandle socket) : socket_(socket) {}

  SocketHandle socket() const { return socket_; }
  iperf::Reader& reader() { return reader_; }

  void say(iperf::State state) { waiting_ += static_cast<char>(state); }
  void say(std::string_view bytes) { waiting_ += bytes; }

  /// Moves bytes both ways, and takes in no more than makes `most` of them. False: the other side has closed the
  /// connection, or it has failed, as why() says. What came before is in reader().
  bool pump(EventLoop& loop, std::size_t most = SIZE_MAX);
  const std::string& why() const { return why_; }
  /// FIN behind what has been said.
  void shutdown(EventLoop& loop);
  /// The other side has acknowledged everything and the FIN, or has gone.
  bool is_flushed(EventLoop& loop) const;

 private:
  SocketHandle socket_;
  iperf::Reader reader_;
  std::string waiting_;
  std::string why_;
};

}  // namespace leat::command
