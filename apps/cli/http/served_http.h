// An HTTP session on a connection: time limits against slow clients, and a close that loses nothing.
#pragma once

#include "cli/server/tcp_server.h"
#include "http/server/session.h"

namespace leat::command {

class ServedHttp final : public Served {
 public:
  /// The references outlive it.
  ServedHttp(SocketHandle socket, const http::Session::Context& context, const Patience& patience, SendMemory& memory,
             Instant now)
      : socket_(socket), session_(context), patience_(patience), outflow_(socket, memory, patience, now), since_(now) {}
  Plan on_event(EventLoop& loop) override;
  void stop() override { session_.stop(); }

 private:
  enum class Phase { idle, request, answering };
  /// What the client is to do, and since when.
  void enter(Phase phase, Instant since);
  void judge_slowness(EventLoop& loop);
  Duration patience() const { return phase_ == Phase::request ? patience_.request : patience_.keep_alive; }

  enum class Step { again, wait, abort };
  Step send(EventLoop& loop, int& budget);
  Step receive(EventLoop& loop);

  SocketHandle socket_;
  http::Session session_;
  const Patience& patience_;
  Outflow outflow_;
  Phase phase_ = Phase::idle;
  Instant since_;
  Instant wake_ = kNever;
};

}  // namespace leat::command
