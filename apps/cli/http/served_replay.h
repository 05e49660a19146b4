// A recorded response, byte for byte, the same to every client, whatever it asks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "cli/server/tcp_server.h"
#include "http/server/site.h"

namespace leat::command {

struct Recording {
  enum class When {
    request,  ///< at the end of the request's head, or at the client's half-close
    connect,  ///< at once
    idle,     ///< as request, or when the client has been silent for a moment
  };
  static constexpr Duration kIdle = std::chrono::milliseconds(200);

  std::shared_ptr<const http::SharedFile> file;
  std::uint64_t size = 0;  ///< bytes
  When when = When::request;
};

class ServedReplay final : public Served {
 public:
  /// Called once the end is known: the bytes that the client acknowledged having, and whether that is all.
  using Log = std::function<void(std::uint64_t bytes, bool whole)>;

  ServedReplay(SocketHandle socket, const Recording& recording, const Patience& patience, SendMemory& memory, Log log,
               Instant now)
      : socket_(socket),
        recording_(recording),
        patience_(patience),
        outflow_(socket, memory, patience, now),
        log_(std::move(log)),
        began_(now),
        heard_(now),
        sending_(recording.when == Recording::When::connect) {}
  ~ServedReplay() override { finish({Next::abort}); }
  Plan on_event(EventLoop& loop) override;
  void stop() override { stopping_ = true; }

 private:
  Plan wait_for_request(EventLoop& loop);
  Plan send(EventLoop& loop);
  /// Notes how it ends, once.
  Plan finish(Plan plan);
  bool ends_head(std::uint8_t byte);
  bool fill();

  SocketHandle socket_;
  const Recording& recording_;
  const Patience& patience_;
  Outflow outflow_;
  Log log_;
  Instant began_;
  Instant heard_;  ///< the client's last byte
  bool sending_;
  std::unique_ptr<std::array<std::uint8_t, 32 * 1024>> block_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;  ///< of what is read from the file next
  int line_ends_ = 0;         ///< line ends in a row
  bool stopping_ = false;
};

}  // namespace leat::command
