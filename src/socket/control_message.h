// Control messages: what sendmsg(2) and recvmsg(2) carry beside the data, in the layout of struct cmsghdr. Called by
// whoever has the caller's msghdr: src/posix and src/drill_leat.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace leat {

/// What recvmsg(2) tells beside the data.
struct MessageFacts {
  int flags = 0;                         ///< msghdr::msg_flags
  std::optional<std::int32_t> in_queue;  ///< TCP_CM_INQ
};

/// msg_controllen and msg_flags of a receive.
struct WrittenControl {
  std::size_t length = 0;
  int flags = 0;
};
/// Tells the facts in the caller's `room`; MSG_CTRUNC when it is too small. `asked` are the flags of the call.
WrittenControl write_control(const MessageFacts& facts, int asked, MutableBytes room);

/// 0, or why the kernel would not send with these.
int check_control(Bytes control);

}  // namespace leat
