// leat/posix.h: the host, and the calls that make, name and end sockets.
#include "leat/posix.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstring>
#include <mutex>
#include <string>

#include "posix/calls.h"
#include "posix/host_words.h"
#include "socket/errno_of.h"

namespace leat::posix {
namespace {

struct Process {
  std::mutex mutex;  ///< guards `host`; locked during fork(), so that the child finds it unlocked
  std::shared_ptr<PosixHost> host;
};

Process& process() {
  static Process* const the = [] {
    auto* made = new Process();  // never deleted, because other threads may be in a call at exit
    ::pthread_atfork([] { process().mutex.lock(); }, [] { process().mutex.unlock(); },
                     [] {
                       // The child has no thread of the host. It forgets the host without a destructor, which would
                       // send.
                       static_cast<void>(new std::shared_ptr<PosixHost>(std::move(process().host)));
                       process().mutex.unlock();
                     });
    return made;
  }();
  return *the;
}

thread_local std::string trouble;

int refuse(int error, std::string why) {
  trouble = std::move(why);
  errno = error;
  return -1;
}

int open_host(const char* words) {
  Process& p = process();
  const std::lock_guard lock(p.mutex);
  if (p.host) return refuse(EBUSY, "this process has a host already: close it first");
  const auto config = parse_host_words(words);
  if (!config) return refuse(EINVAL, config.error());
  auto opened = PosixHost::open(*config);
  if (!opened) return refuse(errno_of(opened.error().code), opened.error().message);
  p.host = std::move(*opened);
  return 0;
}

/// Copies an address to the caller, cut to the caller's room.
Result give_name(const SocketName& name, sockaddr* address, socklen_t* length) {
  if (is_bad(length)) return Result::failure(EFAULT);
  if (static_cast<int>(*length) < 0) return Result::failure(EINVAL);
  const socklen_t n = std::min(*length, name.length);
  if (n > 0 && is_bad(address)) return Result::failure(EFAULT);
  if (n > 0) std::memcpy(address, &name.address, n);
  *length = name.length;
  return {};
}

using NameGetter = Result (Sockets::*)(int, SocketName&) const;

int get_name(NameGetter getter, int fd, sockaddr* address, socklen_t* length) {
  SocketName name;
  const Result got = on_host([&](Sockets& s, PendingCall&, Instant) { return (s.*getter)(fd, name); });
  return answer_int(got ? give_name(name, address, length) : got);
}

}  // namespace

std::shared_ptr<PosixHost> host() {
  Process& p = process();
  const std::lock_guard lock(p.mutex);
  return p.host;
}

Result after_descriptor(int fd, int error) {
  const Result known = on_host([&](Sockets& s, PendingCall&, Instant) {
    SocketName name;
    return s.getsockname(fd, name);
  });
  return known ? Result::failure(error) : known;
}

}  // namespace leat::posix

using namespace leat;
using namespace leat::posix;

int leat_host_open(const char* config) {
  if (is_bad(config)) {
    errno = EFAULT;
    return -1;
  }
  return open_host(config);
}

int leat_host_close() {
  Process& p = process();
  std::shared_ptr<PosixHost> host;
  {
    const std::lock_guard lock(p.mutex);
    host = std::move(p.host);
  }
  if (!host) return answer_int(Result::failure(EBADF));
  host->stop();
  return 0;
}

const char* leat_host_trouble() { return trouble.c_str(); }

int leat_socket(int domain, int type, int protocol) {
  return answer_int(on_host([&](Sockets& s, PendingCall&, Instant) { return s.socket(domain, type, protocol); }));
}

int leat_bind(int fd, const sockaddr* address, socklen_t length) {
  if (length > 0 && is_bad(address)) return answer_int(after_descriptor(fd, EFAULT));
  return answer_int(on_host([&](Sockets& s, PendingCall&, Instant) { return s.bind(fd, address, length); }));
}

int leat_listen(int fd, int backlog) {
  return answer_int(on_host([&](Sockets& s, PendingCall&, Instant now) { return s.listen(fd, backlog, now); }));
}

int leat_accept(int fd, sockaddr* address, socklen_t* length) { return leat_accept4(fd, address, length, 0); }

int leat_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  const Result accepted =
      on_host([&](Sockets& s, PendingCall& call, Instant now) { return s.accept(fd, flags, &call, now); });
  if (!accepted || address == nullptr) return answer_int(accepted);
  const int child = static_cast<int>(accepted.value);
  SocketName name;
  Result named = on_host([&](Sockets& s, PendingCall&, Instant) { return s.accepted_name(child, name); });
  if (named) named = give_name(name, address, length);
  if (named) return child;
  leat_close(child);
  return answer_int(named);
}

int leat_connect(int fd, const sockaddr* address, socklen_t length) {
  if (length > 0 && is_bad(address)) return answer_int(after_descriptor(fd, EFAULT));
  return answer_int(
      on_host([&](Sockets& s, PendingCall& call, Instant now) { return s.connect(fd, address, length, &call, now); }));
}

int leat_shutdown(int fd, int how) {
  return answer_int(on_host([&](Sockets& s, PendingCall&, Instant now) { return s.shutdown(fd, how, now); }));
}

int leat_close(int fd) {
  return answer_int(on_host([&](Sockets& s, PendingCall& call, Instant now) { return s.close(fd, &call, now); }));
}

int leat_dup(int fd) { return leat_fcntl(fd, F_DUPFD, 0); }

int leat_getsockname(int fd, sockaddr* address, socklen_t* length) {
  return get_name(&Sockets::getsockname, fd, address, length);
}
int leat_getpeername(int fd, sockaddr* address, socklen_t* length) {
  return get_name(&Sockets::getpeername, fd, address, length);
}

int leat_setsockopt(int fd, int level, int name, const void* value, socklen_t length) {
  const bool bad = is_bad(value);
  if (bad && static_cast<int>(length) >= static_cast<int>(sizeof(int))) return answer_int(after_descriptor(fd, EFAULT));
  const int nothing = 0;
  const void* given = bad ? &nothing : value;
  return answer_int(on_host(
      [&](Sockets& s, PendingCall&, Instant now) { return s.setsockopt(fd, level, name, given, length, now); }));
}

int leat_getsockopt(int fd, int level, int name, void* value, socklen_t* length) {
  if (is_bad(length)) return answer_int(after_descriptor(fd, EFAULT));
  std::array<std::uint8_t, 512> copy;  // longer than any option
  socklen_t size = static_cast<int>(*length) < 0 ? *length : std::min<socklen_t>(*length, copy.size());
  const Result got = on_host(
      [&](Sockets& s, PendingCall&, Instant now) { return s.getsockopt(fd, level, name, copy.data(), &size, now); });
  if (!got) return answer_int(got);
  if (size > 0 && is_bad(value)) return answer_int(Result::failure(EFAULT));
  if (size > 0) std::memcpy(value, copy.data(), size);
  *length = size;
  return 0;
}

int leat_fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  const int argument = va_arg(arguments, int);  // ignored if the command takes none
  va_end(arguments);
  return answer_int(on_host([&](Sockets& s, PendingCall&, Instant) { return s.fcntl(fd, command, argument); }));
}

int leat_ioctl(int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  int* value = va_arg(arguments, int*);
  va_end(arguments);
  int copy = 0;
  const bool bad = is_bad(value);
  if (bad && request == FIONBIO) return answer_int(after_descriptor(fd, EFAULT));
  if (!bad && request == FIONBIO) copy = *value;
  const Result done = on_host([&](Sockets& s, PendingCall&, Instant) { return s.ioctl(fd, request, &copy); });
  if (!done || request == FIONBIO) return answer_int(done);
  if (bad) return answer_int(Result::failure(EFAULT));
  *value = copy;
  return 0;
}
