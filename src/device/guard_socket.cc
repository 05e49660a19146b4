#include "device/guard_socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "device/system_random.h"

namespace leat {
namespace {

Error claim_error(int reason) {
  switch (reason) {
    case EADDRINUSE: return Error::address_in_use;
    case EADDRNOTAVAIL: return Error::address_not_available;
    case EACCES:
    case EPERM: return Error::not_permitted;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return Error::no_buffers;
    default: return Error::system;
  }
}

bool attach_filter(int fd) {
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/// Requires a signature (RFC 2385) with a random key of every peer: the kernel silently drops segments without it.
bool demand_signatures(int fd) {
  tcp_md5sig key{};
  key.tcpm_addr.ss_family = AF_INET;  // with a prefix of length 0: all addresses
  key.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
  key.tcpm_keylen = 16;
  fill_random({key.tcpm_key, key.tcpm_keylen});
  return ::setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &key, sizeof key) == 0;
}

/// Linux 6.17 and later want CAP_NET_ADMIN for a filter on a TCP socket, which CAP_NET_RAW alone does not have.
bool drop_everything(int fd) { return attach_filter(fd) || (errno == EPERM && demand_signatures(fd)); }

}  // namespace

expected<GuardSocket, Error> GuardSocket::open(const IpAddress& address, std::uint16_t port) {
  if (!address.is_v4()) return unexpected(Error::unsupported);
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return unexpected(claim_error(errno));
  // Without SO_REUSEADDR: the guard would share the port with the kernel's connections, and Leat would reset those.
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(address.v4_value());
  auto* name = reinterpret_cast<sockaddr*>(&at);
  socklen_t size = sizeof at;
  // The filter comes first: from listen() on, the socket would answer a SYN.
  if (!drop_everything(fd.get()) || ::bind(fd.get(), name, size) != 0 || ::listen(fd.get(), 0) != 0 ||
      ::getsockname(fd.get(), name, &size) != 0) {
    return unexpected(claim_error(errno));
  }
  return GuardSocket(std::move(fd), address, ntohs(at.sin_port));
}

}  // namespace leat
