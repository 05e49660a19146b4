// Outflow: what a server sends to one client: how fast the client takes it, how much of it waits in memory, and how it
// ends. Used by everything that serves a connection.
//
// A client is judged by what it acknowledges, not by what fits into the send buffer: one that reads slowly and steadily
// is served, one that never reads is ended. And what waits for all clients together is bounded, so that clients that
// do not read leave memory for those that do.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "leat/event_loop.h"

namespace leat::command {

/// How long a client may take.
struct Patience {
  Duration request = std::chrono::seconds(30);     ///< for a whole request, from its first byte on
  Duration keep_alive = std::chrono::seconds(60);  ///< before the first request, and between two
  Duration sending = std::chrono::seconds(60);     ///< without acknowledging a byte of what waits for it
  Duration lingering = std::chrono::seconds(5);    ///< to send its FIN, once it has everything and ours
};

/// Bytes that wait for the clients of one server. Freely used up to kFree together; then each client has an equal
/// share.
class SendMemory {
 public:
  static constexpr std::size_t kFree = std::size_t{16} << 20;
  static constexpr std::size_t kLeastShare = std::size_t{16} << 10;

  std::size_t share() const;
  /// One client's bytes were `before` and are `after`.
  void change(std::size_t before, std::size_t after);
  std::size_t held() const { return held_; }

 private:
  std::size_t held_ = 0, holders_ = 0;
};

class Outflow {
 public:
  /// The references outlive it.
  Outflow(SocketHandle socket, SendMemory& memory, const Patience& patience, Instant now)
      : socket_(socket), memory_(memory), patience_(patience), progress_(now) {}
  ~Outflow() { memory_.change(held_, 0); }
  Outflow(const Outflow&) = delete;
  Outflow& operator=(const Outflow&) = delete;

  /// As EventLoop::write, within the client's share of the memory. would_block: call again at an event of the socket
  /// and at retry_at() at the latest.
  expected<std::size_t, Error> write(EventLoop& loop, std::span<const std::uint8_t> data);
  /// As EventLoop::prepare, and else as write().
  expected<std::span<std::uint8_t>, Error> prepare(EventLoop& loop, std::size_t wanted);
  /// False: it is lost, and so is the connection.
  bool commit(EventLoop& loop, std::size_t n);
  Instant retry_at() const { return retry_at_; }
  /// When the client last took something; later calls know more.
  Instant progress(EventLoop& loop);
  /// It has not taken anything for too long, although something waits for it.
  bool is_stalled(EventLoop& loop);
  /// Bytes that the client has acknowledged.
  std::uint64_t acknowledged() const { return written_ - held_; }

  /// FIN behind what is queued.
  void begin_leave(EventLoop& loop);
  bool is_leaving() const { return leaving_; }
  enum class Departure {
    under_way,  ///< call again at an event, and at retry_at() at the latest
    complete,   ///< the client has everything: close
    lost,       ///< it has not, and will not: abort
  };
  /// Waits until the client has everything, then for its FIN. Reads on meanwhile: closing with unread data would send a
  /// RST, which can overtake the tail (RFC 2525 §2.17).
  Departure leave(EventLoop& loop);

 private:
  void look(EventLoop& loop);
  /// Bytes that the client's share lets it have.
  std::size_t allowance(EventLoop& loop);
  void on_taken(EventLoop& loop, std::size_t n);
  Error on_refused(EventLoop& loop, Error why, bool allowed);

  SocketHandle socket_;
  SendMemory& memory_;
  const Patience& patience_;
  std::uint64_t written_ = 0;
  std::size_t held_ = 0;  ///< of that, not acknowledged when we last looked
  Instant progress_;
  Instant retry_at_ = kNever;
  Duration pause_{};  ///< before the next try, when no event will tell
  bool leaving_ = false, flushed_ = false, peer_left_ = false;
};

}  // namespace leat::command
