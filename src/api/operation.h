// Operation: a blocking call in progress, on the stack of the calling thread. The worker's thread attempts it, attempts
// it again after events of its socket, and finishes it. The caller must not read it before it is done.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "base/intrusive_list.h"
#include "leat/error.h"
#include "leat/event.h"
#include "leat/time.h"

namespace leat {

class Stack;

struct ParkedTag {};

struct Operation : ListLink<ParkedTag> {
  // For the worker's thread.
  SocketHandle socket;                           ///< its events lead to another attempt
  std::function<bool(Stack&, Instant)> attempt;  ///< true: done, and the result is stored for the caller

  // For both.
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  bool cancel_handled = false;  ///< the worker has handled cancel(), so no message refers to it
  Error ended = Error::none;    ///< other than none: ended without a result

  /// Called by the worker. The caller may destroy the operation as soon as the lock is released, hence the order.
  void finish(Error why) {
    const std::lock_guard lock(mutex);
    ended = why;
    done = true;
    changed.notify_one();
  }
  /// Called by the worker after the time-out of the caller. The caller waits for this call even if the operation has
  /// finished in the meantime, because the message refers to it.
  void cancel() {
    unlink();
    if (!done) finish(Error::timed_out);  // only the worker's thread writes `done`
    const std::lock_guard lock(mutex);
    cancel_handled = true;
    changed.notify_one();
  }
};

}  // namespace leat
