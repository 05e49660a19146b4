// Helpers of the C functions in leat/posix.h: the host of the process, errno, and checks before a call.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

#include "posix/posix_host.h"

namespace leat::posix {

/// The host of the process. nullptr if none was opened, if it was closed, or in a forked child.
std::shared_ptr<PosixHost> host();

/// The result of a C function for a Result; it sets errno.
inline std::int64_t answer(const Result& result) {
  if (result.error != 0) errno = result.error;
  return result.value;
}
inline int answer_int(const Result& result) { return static_cast<int>(answer(result)); }

/// Runs `f(Sockets&, PendingCall&, Instant)` on the host. `message` is that of a receive.
template <class F>
Result on_host(F f, MessageFacts* message = nullptr) {
  const std::shared_ptr<PosixHost> h = host();
  return h ? h->call(f, message) : Result::failure(EBADF);
}

/// True for a pointer into the first page, such as NULL.
inline bool is_bad(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) < 4096; }

/// Returns EBADF or ENOTSOCK if the descriptor is wrong, otherwise `error`, because the kernel checks the descriptor
/// first.
Result after_descriptor(int fd, int error);

/// read(2) and its variants accept files of all kinds, the other calls only sockets.
enum class Kind : std::uint8_t { file, socket };
Result receive(int fd, std::span<const iovec> buffers, int flags, Kind kind, MessageFacts* message = nullptr);
/// `trouble` is the errno of an error in the arguments. An error of the socket takes precedence.
Result send(int fd, std::span<const iovec> buffers, int flags, int trouble = 0);

}  // namespace leat::posix
