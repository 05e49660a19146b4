// IPPROTO_IP.
#include <netinet/in.h>

#include "socket/options.h"

namespace leat {
namespace {

constexpr int kDefaultTtl = 64;
constexpr std::uint8_t kEcnBits = 3;

/// Most of this level's options may come as an int or as one byte.
bool read_integer(const OptionInput& input, int& value) {
  if (input.read(value)) return true;
  std::uint8_t byte = 0;
  if (!input.read(byte)) return false;
  value = byte;
  return true;
}

/// And go the same way.
int integer_or_byte(int value, const OptionOutput& output) {
  const auto room = static_cast<int>(*output.length);
  if (room > 0 && room < static_cast<int>(sizeof(int)) && value >= 0 && value <= 255) {
    return output.object(static_cast<std::uint8_t>(value));
  }
  return output.integer(value);
}

}  // namespace

int set_ip_option(StreamSocket& socket, int name, const OptionInput& input) {
  SocketOptions& o = socket.options();
  int value = 0;
  if (!read_integer(input, value) && name != IP_TOS) {
    if (name == IP_TTL || name == IP_MINTTL) return EINVAL;
  }
  switch (name) {
    case IP_TOS:
      // The ECN bits of a stream are TCP's.
      o.tos = static_cast<std::uint8_t>((value & ~kEcnBits) | (o.tos & kEcnBits));
      return 0;
    case IP_TTL: return value == -1 ? (o.ttl = -1, 0) : set_within(o.ttl, value, 1, 255);
    case IP_MINTTL: return set_within(o.min_ttl, value, 0, 255);
    case IP_MTU_DISCOVER: return set_within(o.mtu_discover, value, IP_PMTUDISC_DONT, IP_PMTUDISC_OMIT);
    case IP_RECVERR: o.receive_errors = value != 0; return 0;
    case IP_FREEBIND: o.free_bind = value != 0; return 0;
    case IP_BIND_ADDRESS_NO_PORT: o.bind_no_port = value != 0; return 0;
    default: return ENOPROTOOPT;
  }
}

int get_ip_option(StreamSocket& socket, int name, const OptionOutput& output) {
  const SocketOptions& o = socket.options();
  switch (name) {
    case IP_TOS: return integer_or_byte(o.tos, output);
    case IP_TTL: return integer_or_byte(o.ttl < 0 ? kDefaultTtl : o.ttl, output);
    case IP_MINTTL: return integer_or_byte(o.min_ttl, output);
    case IP_MTU_DISCOVER: return integer_or_byte(o.mtu_discover, output);
    case IP_RECVERR: return integer_or_byte(o.receive_errors, output);
    case IP_FREEBIND: return integer_or_byte(o.free_bind, output);
    case IP_BIND_ADDRESS_NO_PORT: return integer_or_byte(o.bind_no_port, output);
    case IP_MTU: {
      const std::optional<TcpInfo> info = socket.has_peer() ? socket.tcp_info() : std::nullopt;
      if (!info) return ENOTCONN;
      return integer_or_byte(static_cast<int>(info->pmtu), output);
    }
    default: return ENOPROTOOPT;
  }
}

}  // namespace leat
