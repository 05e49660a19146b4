// PendingCalls: the calls that wait: for which files, until when, and which of them are complete. What each attempts
// when something happens is SocketCalls' business.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "socket/file.h"
#include "socket/io_cursor.h"
#include "socket/pending_call.h"
#include "socket/sockets.h"

namespace leat {

enum class CallKind : std::uint8_t { accept, connect, send, receive, close, poll, select, epoll_wait };

/// A call: what it was asked, and how far it has come.
struct PendingOperation {
  explicit PendingOperation(CallKind k) : kind(k) {}

  CallKind kind;
  File* file = nullptr;  ///< what it is about; none for poll and select
  int flags = 0;         ///< of accept, send and receive
  MessageFacts message;  ///< of a receive, to be given back
  int would_block = 0;   ///< errno when it must not wait, or its time is over; 0: that is no error
  IoCursor cursor;
  std::span<pollfd> fds;
  std::vector<pollfd> selected;  ///< the pollfds of select
  Sockets::SelectSets sets;
  std::span<epoll_event> events;
  std::optional<Duration> timeout;  ///< nothing: for ever

  // While it waits.
  PendingCall* call = nullptr;
  std::vector<File*> files;  ///< a reference to each
  std::unique_ptr<Waiter[]> waiters;
  std::multimap<Instant, PendingOperation*>::iterator deadline;
  bool has_deadline = false;
};

class PendingCalls {
 public:
  /// Parks it: on each of `files` (null ones are skipped), which it counts a reference to, until `deadline`.
  void park(PendingCall& call, PendingOperation&& operation, std::span<File* const> files, Instant deadline);
  /// It is over. Gives back the files whose references the caller has to drop.
  std::vector<File*> complete(PendingOperation& operation, Result result);
  /// It is over and nobody wants to know.
  std::vector<File*> forget(PendingCall& call);

  PendingOperation* operation(PendingCall& call) const { return call.operation_.get(); }
  PendingCall* next_completed() { return completed_.pop_front(); }
  Instant next_deadline() const { return deadlines_.empty() ? kNever : deadlines_.begin()->first; }
  PendingOperation* expired(Instant now) const {
    return next_deadline() <= now && !deadlines_.empty() ? deadlines_.begin()->second : nullptr;
  }
  PendingOperation* any() const { return parked_.empty() ? nullptr : parked_.begin()->second; }
  static void set_message(PendingCall* call, const MessageFacts& message) {
    if (call != nullptr) call->message_ = message;
  }

 private:
  std::vector<File*> take_out(PendingOperation& operation);

  std::multimap<Instant, PendingOperation*> deadlines_;
  std::map<const PendingCall*, PendingOperation*> parked_;
  IntrusiveList<PendingCall, CompletedTag> completed_;
};

}  // namespace leat
