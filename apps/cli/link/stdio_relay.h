// Relay: bytes from a descriptor to a connection and from the connection to another descriptor, at the pace of the
// slower side each way: a writer that is stuck stops the reading, so a slow reader closes the window behind it.
//
// The end of the input is passed on as FIN, and reading goes on. When the peer has closed, what the input has ready is
// still sent; the end comes with the input's end, or when it is silent for a second (at once when it is a terminal).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "device/unique_fd.h"
#include "leat/host.h"
#include "leat/time.h"

namespace leat::command {

class Relay {
 public:
  enum class End {
    finished,       ///< both sides have closed
    idle,           ///< nothing moved for the time given
    broken,         ///< the connection failed
    output_failed,  ///< what came cannot be written
    input_failed,   ///< what is to be sent cannot be read
    interrupted,
  };
  struct Result {
    End end = End::finished;
    std::string why{};  ///< a sentence, for the failures
    std::uint64_t sent = 0, received = 0;
  };

  /// `idle`: how long neither side may say anything. The descriptors are not closed.
  Relay(Connection& connection, int input, int output, std::optional<Duration> idle);

  /// Blocks until the end; the connection is closed then, or reset when something of it was lost. Once.
  Result run();
  /// Resets the connection, and run() returns soon. From any thread.
  void interrupt();

 private:
  void send();
  End receive();
  bool wait_for_input();
  bool is_idle() const;
  void stop_sending();
  void fail(End how, std::string why);
  void moved();

  Connection& connection_;
  const int input_, output_;
  const std::optional<Duration> idle_;
  UniqueFd wake_;  ///< an eventfd that tells the sending thread to look again
  std::atomic<std::int64_t> moved_at_{0};
  std::atomic<bool> peer_closed_{false}, stopping_{false}, interrupted_{false};
  // Of the sending thread, until it has ended.
  Result sender_;
  // Of the receiving one.
  Result receiver_;
};

}  // namespace leat::command
