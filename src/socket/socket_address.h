// struct sockaddr as Linux lays it out <-> Endpoint.
#pragma once

#include <sys/socket.h>

#include "leat/address.h"
#include "leat/expected.h"
#include "socket/sockets.h"

namespace leat {

/// What bind() and connect() make of an address: an endpoint, or errno. The caller has dealt with AF_UNSPEC.
/// EINVAL: too short (or absurdly long); EAFNOSUPPORT: not AF_INET.
expected<Endpoint, int> endpoint_from(const sockaddr* address, socklen_t length);
/// The family alone, which an address of any length that holds one has; else errno.
expected<sa_family_t, int> family_of(const sockaddr* address, socklen_t length);

SocketName name_from(const Endpoint& endpoint);

}  // namespace leat
