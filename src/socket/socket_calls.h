// SocketCalls: what the calls of Sockets share: files and their numbers, who waits for what, and how a call is tried,
// parked, tried again and ended. Sockets' functions (sockets*.cc) are thin over it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "socket/descriptor_table.h"
#include "socket/epoll.h"
#include "socket/pending_calls.h"
#include "socket/stream_socket.h"

namespace leat {

class SocketCalls {
 public:
  SocketCalls(Stack& stack, const SocketsConfig& config);
  ~SocketCalls();

  DescriptorTable& table() { return table_; }
  SocketContext& context() { return context_; }
  PendingCalls& pending() { return pending_; }
  void set_now(Instant now) { now_ = now; }

  /// EBADF, ENOTSOCK.
  expected<File*, int> socket_file(int fd) const;
  File& create_file();
  /// A number for a file that has none yet; where there is none left the file ends.
  Result give_descriptor(File& file, bool close_on_exec);
  /// One reference less; the last one ends the file.
  void release(File& file);

  /// Tries it; parks it on `files` when it has to wait and may (`call` and the time-out let it).
  Result run(PendingOperation&& operation, std::span<File* const> files, PendingCall* call);
  /// The same for a call about one file.
  Result run(PendingOperation&& operation, File& file, PendingCall* call) {
    File* const files[] = {&file};
    operation.file = &file;
    return run(std::move(operation), files, call);
  }
  /// Something has happened that may make `key` true (0: anything).
  void wake(File& file, std::uint32_t key);
  Instant next_deadline() const;
  void run_timers(Instant now);
  void interrupt(PendingCall& call);
  void abandon(PendingCall& call);
  void shut_down(int error);

  std::uint32_t poll_mask(const File& file) const;
  std::size_t poll(std::span<pollfd> fds) const;

 private:
  Result attempt(PendingOperation& operation);
  Result attempt_send(PendingOperation& operation);
  Result attempt_accept(PendingOperation& operation);
  Result attempt_select(PendingOperation& operation) const;
  /// What it answers when it has to stop as it is.
  static Result stopped(PendingOperation& operation, int error);
  void finish(PendingOperation& operation, Result result);
  void wake_starved();
  void wake_item(EpollItem& item, std::uint32_t key, bool& exclusive_served);

  SocketContext context_;
  DescriptorTable table_;
  PendingCalls pending_;
  std::unordered_map<const File*, std::unique_ptr<File>> files_;
  std::unordered_set<File*> starved_;  ///< see StreamSocket::is_starved
  Instant feeding_ = kNever;           ///< when those try again
  Instant now_{};
  int down_ = 0;  ///< errno of every wait, once there is no network
};

}  // namespace leat
