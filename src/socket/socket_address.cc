#include "socket/socket_address.h"

#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace leat {

expected<sa_family_t, int> family_of(const sockaddr* address, socklen_t length) {
  if (length < sizeof(sa_family_t) || length > sizeof(sockaddr_storage)) return unexpected(EINVAL);
  sa_family_t family;
  std::memcpy(&family, &address->sa_family, sizeof family);
  return family;
}

expected<Endpoint, int> endpoint_from(const sockaddr* address, socklen_t length) {
  if (length < sizeof(sockaddr_in) || length > sizeof(sockaddr_storage)) return unexpected(EINVAL);
  sockaddr_in in;
  std::memcpy(&in, address, sizeof in);
  if (in.sin_family != AF_INET) return unexpected(EAFNOSUPPORT);
  const auto* port = reinterpret_cast<const std::uint8_t*>(&in.sin_port);
  const auto* host = reinterpret_cast<const std::uint8_t*>(&in.sin_addr.s_addr);
  return Endpoint{IpAddress::v4(load_be32(host)), load_be16(port)};
}

SocketName name_from(const Endpoint& endpoint) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  store_be16(reinterpret_cast<std::uint8_t*>(&in.sin_port), endpoint.port);
  std::memcpy(&in.sin_addr, endpoint.address.bytes.data(), sizeof in.sin_addr);
  SocketName name;
  std::memcpy(&name.address, &in, sizeof in);
  name.length = sizeof in;
  return name;
}

}  // namespace leat
