// What the C functions of leat/posix.h share: the process's host, errno, and what is checked before a call is sent.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

#include "posix/posix_host.h"

namespace leat::posix {

/// Null when there is none: never opened, closed, or this process is a child of the one that opened it.
std::shared_ptr<PosixHost> host();

/// What a C function returns of a Result.
inline std::int64_t answer(const Result& result) {
  if (result.error != 0) errno = result.error;
  return result.value;
}
inline int answer_int(const Result& result) { return static_cast<int>(answer(result)); }

/// Runs `f(Sockets&, PendingCall&, Instant)` on the host. `message`: of a receive.
template <class F>
Result on_host(F f, MessageFacts* message = nullptr) {
  const std::shared_ptr<PosixHost> h = host();
  return h ? h->call(f, message) : Result::failure(EBADF);
}

/// Points into the first page: what a program passes by mistake.
inline bool is_bad(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) < 4096; }

/// EBADF or ENOTSOCK, or else `error`: where the kernel looks at the descriptor first.
Result after_descriptor(int fd, int error);

/// read(2) and its kin know files of all kinds; the others sockets alone.
enum class Kind : std::uint8_t { file, socket };
Result receive(int fd, std::span<const iovec> buffers, int flags, Kind kind, MessageFacts* message = nullptr);
/// `trouble`: errno of what is wrong with what there is to send; that there can be no sending goes first.
Result send(int fd, std::span<const iovec> buffers, int flags, int trouble = 0);

}  // namespace leat::posix
