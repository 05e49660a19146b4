// The echo service (RFC 862): what arrives goes back, all of it, also what came before the client's half-close.
#pragma once

#include <array>
#include <memory>

#include "cli/server/tcp_server.h"

namespace leat::command {

class ServedEcho final : public Served {
 public:
  /// The references outlive it.
  ServedEcho(SocketHandle socket, const Patience& patience, SendMemory& memory, Instant now)
      : socket_(socket), outflow_(socket, memory, patience, now) {}
  Plan on_event(EventLoop& loop) override;
  void stop() override { stopping_ = true; }

 private:
  SocketHandle socket_;
  Outflow outflow_;
  std::unique_ptr<std::array<std::uint8_t, 32 * 1024>> block_;  ///< while something waits to go back
  std::size_t begin_ = 0, end_ = 0;
  bool stopping_ = false;
};

}  // namespace leat::command
