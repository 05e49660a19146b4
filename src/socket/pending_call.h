// PendingCall: the continuation of a call that has to wait. Its memory is the caller's (a blocked thread's stack, a
// script's call in flight), so that waiting needs no thread here.
//
// A call of Sockets that takes `PendingCall* call` blocks only if that is not null. It then may answer
// Result::pending(): the object is in use until Sockets::next_completed() gives it back with its result. Until then
// neither it nor what the call was given (buffers, arrays of pollfd or epoll_event, fd_sets) may move or go away.
#pragma once

#include <cstdint>
#include <memory>

#include "base/intrusive_list.h"
#include "leat/time.h"
#include "socket/control_message.h"

namespace leat {

/// What a system call gives back: `value` as the kernel's (-1 on failure) and errno (0 on success).
struct Result {
  static constexpr int kPending = -1;  ///< no errno is negative

  std::int64_t value = 0;
  int error = 0;

  static constexpr Result failure(int error) { return {-1, error}; }
  static constexpr Result pending() { return {-1, kPending}; }
  constexpr bool is_pending() const { return error == kPending; }
  constexpr explicit operator bool() const { return error == 0; }
  constexpr bool operator==(const Result&) const = default;
};

struct PendingOperation;  // socket/pending_calls.h
struct CompletedTag {};

class PendingCall : public ListLink<CompletedTag> {
 public:
  PendingCall();
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;
  /// Only once it is complete, or after Sockets::abandon.
  ~PendingCall();

  bool is_pending() const { return operation_ != nullptr; }
  /// Of the last call that waited.
  const Result& result() const { return result_; }
  /// Of a receive, whether it waited or not.
  const MessageFacts& message() const { return message_; }

  void* owner = nullptr;  ///< the caller's; Sockets leaves it alone

 private:
  friend class PendingCalls;
  friend class Sockets;
  std::unique_ptr<PendingOperation> operation_;
  Result result_;
  MessageFacts message_;
};

}  // namespace leat
