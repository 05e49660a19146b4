#include "device/guard_socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace leat {
namespace {

Error error_of(int reason) {
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

bool drop_everything(int fd) {
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

}  // namespace

expected<GuardSocket, Error> GuardSocket::open(const IpAddress& address, std::uint16_t port) {
  if (!address.is_v4()) return unexpected(Error::unsupported);
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return unexpected(error_of(errno));
  // Without SO_REUSEADDR: it would share the port with connections of the kernel's, and we would reset those.
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(address.v4_value());
  auto* name = reinterpret_cast<sockaddr*>(&at);
  socklen_t size = sizeof at;
  // The filter comes first: from listen() on the socket would answer a SYN.
  if (!drop_everything(fd.get()) || ::bind(fd.get(), name, size) != 0 || ::listen(fd.get(), 0) != 0 ||
      ::getsockname(fd.get(), name, &size) != 0) {
    return unexpected(error_of(errno));
  }
  return GuardSocket(std::move(fd), address, ntohs(at.sin_port));
}

}  // namespace leat
