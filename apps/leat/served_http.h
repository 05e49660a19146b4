// An HTTP session on a connection: time limits against slow clients, and a close that loses nothing.
#pragma once

#include "http/server/session.h"
#include "server.h"

namespace leat::command {

/// How long a client may take.
struct HttpPatience {
  Duration request = std::chrono::seconds(30);     ///< for a whole request, from its first byte on
  Duration keep_alive = std::chrono::seconds(60);  ///< between requests
  Duration sending = std::chrono::seconds(60);     ///< without taking a byte of the answer
  Duration lingering = std::chrono::seconds(5);    ///< to send its FIN after ours
};

class ServedHttp final : public Served {
 public:
  /// Both references outlive it.
  ServedHttp(SocketHandle socket, const http::Session::Context& context, const HttpPatience& patience, Instant now)
      : socket_(socket), session_(context), patience_(patience), since_(now) {}
  Plan on_event(EventLoop& loop) override;
  void stop() override { session_.stop(); }

 private:
  enum class Phase { idle, request, sending, lingering };
  /// What the connection is busy with now, and since when.
  void enter(Phase phase, Instant now);
  Duration patience() const;
  bool send(EventLoop& loop, Plan& plan);
  bool receive(EventLoop& loop, Plan& plan);
  Plan waiting() const { return {Next::wait, since_ + patience()}; }

  SocketHandle socket_;
  http::Session session_;
  const HttpPatience& patience_;
  Phase phase_ = Phase::idle;
  Instant since_;
};

}  // namespace leat::command
