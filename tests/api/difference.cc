#include "api/difference.h"

namespace leat::testing {

std::span<const CallDifference> known_call_differences() {
  static const std::vector<CallDifference> kDifferences = {
      {"There are TCP sockets over IPv4 and no others", {"socket: datagrams", "socket: IPv6"}},
      {"Nothing is sent to port 0", {"connect: port 0"}},
      {"Of 127.0.0.0/8 only 127.0.0.1 is the host's", {"bind: another address of loopback"}},
      {"Options of what is not there are unknown", {"TCP_FASTOPEN", "SO_TIMESTAMP"}},
  };
  return kDifferences;
}

}  // namespace leat::testing
