#include "socket/control_message.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace leat {
namespace {

constexpr int kMostPriority = 6;  // what anybody may ask for

/// Of other levels none is TCP's business; of this one, those that it cannot obey are refused.
int check_message(const cmsghdr& header, Bytes data) {
  if (header.cmsg_level != SOL_SOCKET) return 0;
  if (header.cmsg_type == SCM_RIGHTS || header.cmsg_type == SCM_CREDENTIALS) return 0;  // mean something elsewhere
  std::uint32_t value = 0;
  if (header.cmsg_type != SO_PRIORITY || data.size() != sizeof value) return EINVAL;
  std::memcpy(&value, data.data(), sizeof value);
  return value > kMostPriority ? EPERM : 0;
}

}  // namespace

int check_control(Bytes control) {
  while (control.size() >= sizeof(cmsghdr)) {
    cmsghdr header;
    std::memcpy(&header, control.data(), sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.size()) return EINVAL;
    if (const int error = check_message(header, control.subspan(CMSG_LEN(0), header.cmsg_len - CMSG_LEN(0)))) {
      return error;
    }
    control = control.subspan(std::min<std::size_t>(CMSG_ALIGN(header.cmsg_len), control.size()));
  }
  return 0;
}

WrittenControl write_control(const MessageFacts& facts, int asked, MutableBytes room) {
  WrittenControl written{0, facts.flags | (asked & MSG_CMSG_CLOEXEC)};
  if (!facts.in_queue) return written;
  if (room.size() < sizeof(cmsghdr)) {
    written.flags |= MSG_CTRUNC;
    return written;
  }
  cmsghdr header{};
  header.cmsg_len = std::min<std::size_t>(CMSG_LEN(sizeof *facts.in_queue), room.size());
  header.cmsg_level = IPPROTO_TCP;
  header.cmsg_type = TCP_CM_INQ;
  if (header.cmsg_len < CMSG_LEN(sizeof *facts.in_queue)) written.flags |= MSG_CTRUNC;
  std::memcpy(room.data(), &header, sizeof header);
  std::memcpy(room.data() + CMSG_LEN(0), &*facts.in_queue, header.cmsg_len - CMSG_LEN(0));
  written.length = std::min<std::size_t>(CMSG_SPACE(sizeof *facts.in_queue), room.size());
  return written;
}

}  // namespace leat
