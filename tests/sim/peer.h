// One end of a simulated connection: writes its pattern, checks the data that it reads, pauses, and ends as planned. It
// acts only on events, so an event that the stack forgets stalls it.
#pragma once

#include <string>
#include <vector>

#include "plan.h"
#include "stack/stack.h"

namespace leat::sim {

class Peer {
 public:
  /// `plan` is the plan of this end, `other` that of the far end. `aborts`: the connection may end by a RST.
  Peer(Stack& stack, const PeerPlan& plan, const PeerPlan& other, bool aborts)
      : stack_(stack), plan_(plan), other_(other), aborts_(aborts) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void connect(const Endpoint& server, Instant now);
  void adopt(SocketHandle accepted, Instant now);

  SocketHandle handle() const { return handle_; }
  void on_event(std::uint16_t bits, Instant now);
  /// The time for the next call of on_time; kNever if it waits only for events.
  Instant next_action() const;
  void on_time(Instant now);

  bool started() const { return handle_ || done_; }
  bool done() const { return done_; }
  const std::string& failure() const { return failure_; }
  /// Pieces that write_borrowed() has taken and not released.
  std::size_t lent() const { return lent_; }
  std::uint64_t received() const { return received_; }
  std::string to_string() const;

 private:
  void step(Instant now);
  void read(Instant now);
  void take(Bytes data);
  expected<std::size_t, Error> read_some(Instant now);
  void write(Instant now);
  expected<std::size_t, Error> write_some(std::size_t size, Instant now);
  expected<std::size_t, Error> lend(std::size_t size, Instant now);
  void end(Instant now);
  void on_error(Error error, Instant now);
  void fail(std::string why);
  void finish() { done_ = true, handle_ = {}; }

  Stack& stack_;
  PeerPlan plan_, other_;
  bool aborts_;
  SocketHandle handle_;
  std::optional<Endpoint> server_;  ///< set on the connecting side
  unsigned attempts_ = 0;
  bool connected_ = false, shut_ = false, end_seen_ = false, done_ = false;
  std::uint64_t written_ = 0, received_ = 0, since_pause_ = 0;
  Instant resume_at_ = Instant::min(), last_progress_ = Instant::min();
  std::vector<std::uint8_t> buffer_;
  std::size_t lent_ = 0;
  std::string failure_;
};

}  // namespace leat::sim
