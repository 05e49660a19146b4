#include "socket/select_sets.h"

namespace leat {
namespace {

// What the kernel counts as readable, writable and exceptional.
constexpr short kIn = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR;
constexpr short kOut = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR;
constexpr short kExcept = POLLPRI;

// What a descriptor was asked for is in the pollfd's events.
constexpr short kAskedIn = POLLRDNORM | POLLRDBAND | POLLIN;
constexpr short kAskedOut = POLLWRBAND | POLLWRNORM | POLLOUT;

bool is_in(int fd, const fd_set* set) { return set != nullptr && FD_ISSET(fd, set); }

}  // namespace

std::vector<pollfd> read_select_sets(int nfds, const Sockets::SelectSets& sets) {
  std::vector<pollfd> fds;
  for (int fd = 0; fd < nfds; ++fd) {
    int events = 0;
    if (is_in(fd, sets.read)) events |= kAskedIn;
    if (is_in(fd, sets.write)) events |= kAskedOut;
    if (is_in(fd, sets.except)) events |= kExcept;
    if (events != 0) fds.push_back({fd, static_cast<short>(events), 0});
  }
  return fds;
}

std::int64_t write_select_sets(std::span<const pollfd> fds, const Sockets::SelectSets& sets) {
  std::int64_t bits = 0;
  for (const pollfd& p : fds) {
    bits += (p.events & kAskedIn) != 0 && (p.revents & kIn) != 0;
    bits += (p.events & kAskedOut) != 0 && (p.revents & kOut) != 0;
    bits += (p.events & kExcept) != 0 && (p.revents & kExcept) != 0;
  }
  if (bits == 0 && !fds.empty()) return 0;  // they stay what was asked
  for (fd_set* set : {sets.read, sets.write, sets.except}) {
    if (set != nullptr) FD_ZERO(set);
  }
  for (const pollfd& p : fds) {
    if ((p.events & kAskedIn) != 0 && (p.revents & kIn) != 0) FD_SET(p.fd, sets.read);
    if ((p.events & kAskedOut) != 0 && (p.revents & kOut) != 0) FD_SET(p.fd, sets.write);
    if ((p.events & kExcept) != 0 && (p.revents & kExcept) != 0) FD_SET(p.fd, sets.except);
  }
  return bits;
}

}  // namespace leat
