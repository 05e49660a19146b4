// SendQueue: the state of a Sender that exists only while data waits to be sent or acknowledged.
#pragma once

#include "tcp/send/send_buffer.h"
#include "tcp/stream_pos.h"

namespace leat {

struct SendQueue {
  SendBuffer buffer;
  StreamPos small_end = 0;  ///< end of the last segment below MSS that was sent (Minshall's form of Nagle)
  StreamPos up = 0;         ///< SND.UP
  StreamPos block = 1;      ///< the begin of the block being filled (see Sender::mark_write)

  /// Everything before `pos` is acknowledged.
  void start(StreamPos pos) {
    buffer.start(pos);
    small_end = up = 0;
    block = pos;
  }
};

}  // namespace leat
