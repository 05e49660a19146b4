// Statistics of a host: its memory by pool, and its sockets with the columns of ss(8).
//
// Threading: plain values.
#pragma once

#include <array>
#include <cstdint>

#include "leat/address.h"
#include "leat/tcp_info.h"

namespace leat {

/// The pool of buffers of one size.
struct BufferUse {
  std::uint32_t size = 0;    ///< bytes of one buffer
  std::uint64_t in_use = 0;  ///< buffers held by queues and packets
  std::uint64_t kept = 0;    ///< free buffers, kept for reuse
};

struct MemoryInfo {
  std::array<BufferUse, 4> buffers{};
  std::uint64_t limit = 0;     ///< bytes that all buffers, in use and kept, may take
  std::uint64_t refusals = 0;  ///< buffers refused because of the limit
  std::uint64_t connections = 0;
  std::uint64_t orphans = 0;  ///< connections that the application has closed and TCP has not
  std::uint64_t listeners = 0;
  std::uint64_t half_open = 0;
  std::uint64_t time_wait = 0;
  std::uint64_t neighbours = 0;  ///< entries of the ARP cache
};

struct SocketInfo {
  Endpoint local;
  Endpoint remote;  ///< port 0 for a listener
  TcpInfo tcp;
  /// Bytes received and not read. For a listener: connections not accepted.
  std::uint64_t receive_queue = 0;
  /// Bytes written and not acknowledged. For a listener: its backlog.
  std::uint64_t send_queue = 0;
};

}  // namespace leat
