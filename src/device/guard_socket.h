// GuardSocket: keeps the kernel from answering for a TCP port on an address that Leat shares with it.
//
// It is a kernel socket that listens on the port and drops everything: by a filter or, where a filter is not permitted,
// by requiring signatures with a secret key. So the port is reserved, and the kernel, which finds a socket, drops its
// copy of each segment instead of answering with RST. No firewall rule is needed, and when the process ends, even by a
// crash, the port is free again. Raw and packet sockets see every segment as before. PortClaims opens it.
#pragma once

#include <cstdint>
#include <utility>

#include "device/unique_fd.h"
#include "leat/address.h"
#include "leat/error.h"
#include "leat/expected.h"

namespace leat {

class GuardSocket {
 public:
  /// Port 0 picks a free one; an unspecified address stands for all. Errors: address_in_use, address_not_available,
  /// not_permitted (a privileged port), no_buffers (too many open files), unsupported (IPv6), system.
  static expected<GuardSocket, Error> open(const IpAddress& address, std::uint16_t port);

  const IpAddress& address() const { return address_; }
  std::uint16_t port() const { return port_; }
  bool covers(const IpAddress& address) const { return address_.is_unspecified() || address_ == address; }

 private:
  GuardSocket(UniqueFd fd, const IpAddress& address, std::uint16_t port)
      : fd_(std::move(fd)), address_(address), port_(port) {}

  UniqueFd fd_;
  IpAddress address_;
  std::uint16_t port_;
};

}  // namespace leat
