// How option values cross the border: copied in and out with the kernel's rules about their length.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace leat {

/// What setsockopt() was given.
struct OptionInput {
  const void* value = nullptr;
  socklen_t length = 0;

  /// Copies a T; false when the caller gave less.
  template <class T>
  bool read(T& out) const {
    if (length < sizeof(T)) return false;
    std::memcpy(&out, value, sizeof(T));
    return true;
  }
};

/// Where getsockopt() answers. Each function gives errno or 0.
struct OptionOutput {
  void* value = nullptr;
  socklen_t* length = nullptr;

  /// As much of `in` as there is room for.
  int bytes(const void* in, std::size_t size) const {
    if (static_cast<int>(*length) < 0) return EINVAL;
    const std::size_t n = std::min<std::size_t>(size, *length);
    if (n > 0 && value == nullptr) return EFAULT;
    if (n > 0) std::memcpy(value, in, n);
    *length = static_cast<socklen_t>(n);
    return 0;
  }
  template <class T>
  int object(const T& in) const {
    return bytes(&in, sizeof in);
  }
  int integer(std::int64_t in) const { return object(static_cast<std::int32_t>(in)); }
};

/// A value of an option within bounds: 0, else EINVAL.
template <class T>
int set_within(T& option, int value, int least, int most) {
  if (value < least || value > most) return EINVAL;
  option = static_cast<T>(value);
  return 0;
}

}  // namespace leat
