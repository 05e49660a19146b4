// Socket options that several devices set.
#pragma once

#include <sys/socket.h>

#include <string>

namespace leat {

/// All of these return false with errno set when the kernel refuses.
inline bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

inline bool bind_to_interface(int fd, const std::string& interface) {
  const auto size = static_cast<socklen_t>(interface.size() + 1);
  return ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), size) == 0;
}

/// Goes beyond rmem_max if that is permitted, else up to rmem_max.
inline bool enlarge_receive_queue(int fd, int bytes) {
  return set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) || set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}
inline bool enlarge_send_queue(int fd, int bytes) {
  return set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes) || set_option(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}

}  // namespace leat
