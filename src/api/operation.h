// Operation: one blocking call on its way. It lives on the calling thread's stack; the worker's thread tries it,
// parks it, tries again when its socket has news, and finishes it. The caller may look at it again only when done.
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
  SocketHandle socket;                           ///< whose events let it be tried again
  std::function<bool(Stack&, Instant)> attempt;  ///< true: done, and the result is where the caller looks for it

  // For both.
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  bool cancel_handled = false;  ///< the worker has seen the caller's cancel(), and knows of no other message
  Error ended = Error::none;    ///< other than none: it was ended without a result

  /// By the worker. The caller may destroy the operation as soon as the lock is free, hence the order.
  void finish(Error why) {
    const std::lock_guard lock(mutex);
    ended = why;
    done = true;
    changed.notify_one();
  }
  /// By the worker, for a caller whose time is up. The caller stays until this has been called, also when the
  /// operation was finished in the meantime: the message on its way refers to it.
  void cancel() {
    unlink();
    if (!done) finish(Error::timed_out);  // only the worker's thread writes it
    const std::lock_guard lock(mutex);
    cancel_handled = true;
    changed.notify_one();
  }
};

}  // namespace leat
