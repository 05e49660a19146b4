// SendQueue: what a Sender has only while something waits to be sent or acknowledged.
#pragma once

#include "tcp/send/send_buffer.h"
#include "tcp/stream_pos.h"

namespace leat {

struct SendQueue {
  SendBuffer buffer;
  StreamPos small_end = 0;  ///< end of the last segment below MSS that was sent (Minshall's form of Nagle)
  StreamPos up = 0;         ///< SND.UP
  StreamPos block = 1;      ///< begin of the block that is being filled (see Sender::mark_write)

  /// Everything before `pos` was acknowledged.
  void start(StreamPos pos) {
    buffer.start(pos);
    small_end = up = 0;
    block = pos;
  }
};

}  // namespace leat
