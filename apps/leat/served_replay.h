// A recorded response, byte for byte, the same to every client, whatever it asks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "http/server/site.h"
#include "server.h"

namespace leat::command {

struct Recording {
  enum class When {
    request,  ///< at the end of the request's head, or at the client's half-close
    connect,  ///< at once
    idle,     ///< as request, or when the client has been silent for a moment
  };
  static constexpr Duration kIdle = std::chrono::milliseconds(200);
  static constexpr Duration kPatience = std::chrono::seconds(60);   ///< for the request, and for each piece sent
  static constexpr Duration kLingering = std::chrono::seconds(10);  ///< for the client's FIN once it has everything

  std::shared_ptr<const http::SharedFile> file;
  std::uint64_t size = 0;  ///< bytes
  When when = When::request;
};

class ServedReplay final : public Served {
 public:
  /// Called once the end is known: the bytes that the client acknowledged having, and whether that is all.
  using Log = std::function<void(std::uint64_t bytes, bool whole)>;

  ServedReplay(SocketHandle socket, const Recording& recording, Log log, Instant now)
      : socket_(socket), recording_(recording), log_(std::move(log)), since_(now) {
    if (recording.when == Recording::When::connect) phase_ = Phase::sending;
  }
  Plan on_event(EventLoop& loop) override;
  void stop() override { stopping_ = true; }

 private:
  enum class Phase { waiting, sending, lingering };
  Plan wait_for_request(EventLoop& loop);
  Plan send(EventLoop& loop);
  Plan linger(EventLoop& loop);
  Plan finish(Next next, bool whole);
  bool ends_head(std::uint8_t byte);
  bool fill();

  SocketHandle socket_;
  const Recording& recording_;
  Log log_;
  Instant since_;  ///< the last progress
  Phase phase_ = Phase::waiting;
  std::unique_ptr<std::array<std::uint8_t, 32 * 1024>> block_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;   ///< of what is read from the file next
  std::uint64_t written_ = 0;  ///< bytes handed to TCP
  int line_ends_ = 0;          ///< line ends in a row
  bool stopping_ = false;
};

}  // namespace leat::command
