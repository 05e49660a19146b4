// What a host holds: its memory by pool, and its sockets with what ss(8) tells of each.
#pragma once

#include <array>
#include <cstdint>

#include "leat/address.h"
#include "leat/tcp_info.h"

namespace leat {

/// Buffers of one size.
struct BufferUse {
  std::uint32_t size = 0;    ///< bytes of each
  std::uint64_t in_use = 0;  ///< held by queues and packets on their way
  std::uint64_t kept = 0;    ///< free, for use again
};

struct MemoryInfo {
  std::array<BufferUse, 4> buffers{};
  std::uint64_t limit = 0;     ///< bytes that the buffers, in use and kept, may take together
  std::uint64_t refusals = 0;  ///< buffers that were not given because of that
  std::uint64_t connections = 0;
  std::uint64_t orphans = 0;  ///< of the connections: closed by the application, not by TCP yet
  std::uint64_t listeners = 0;
  std::uint64_t half_open = 0;
  std::uint64_t time_wait = 0;
  std::uint64_t neighbours = 0;  ///< entries of the ARP cache
};

struct SocketInfo {
  Endpoint local;
  Endpoint remote;  ///< port 0: a listener
  TcpInfo tcp;
  /// Bytes that the application has not read; of a listener, connections that it has not accepted.
  std::uint64_t receive_queue = 0;
  /// Bytes that the peer has not acknowledged; of a listener, its backlog.
  std::uint64_t send_queue = 0;
};

}  // namespace leat
