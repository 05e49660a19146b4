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
  Error ended = Error::none;  ///< other than none: it was ended without a result

  /// By the worker. The caller may destroy the operation as soon as the lock is free, hence the order.
  void finish(Error why) {
    const std::lock_guard lock(mutex);
    ended = why;
    done = true;
    changed.notify_one();
  }
};

}  // namespace leat
