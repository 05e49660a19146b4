// How the outside names a socket, and what the stack tells about it.
#pragma once

#include <cstdint>

namespace leat {

/// Index and generation: a handle of a socket that is gone never names its successor.
struct SocketHandle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  ///< 0: no socket
  constexpr explicit operator bool() const { return generation != 0; }
  constexpr bool operator==(const SocketHandle&) const = default;
};

/// Bits of Event::bits. The level state is asked for with readiness(); an event says "look again".
enum EventBits : std::uint16_t {
  kEventConnected = 1,    ///< connect() has succeeded
  kEventReadable = 2,     ///< data, end of stream or an error can be read
  kEventWritable = 4,     ///< a third of the send buffer is free again, and notsent_lowat lets more be written
  kEventAcceptable = 8,   ///< a listener has a connection
  kEventPeerClosed = 16,  ///< the peer's FIN has arrived in order
  kEventFlushed = 32,     ///< everything written, and the FIN if there is one, is acknowledged
  kEventError = 64,       ///< the connection has failed; error() says why
  kEventClosed = 128,     ///< the connection's TCP is over (TIME-WAIT counts as over)
  kEventUrgent = 256,     ///< the peer has urgent data, or more of it; TcpInfo::urgent says how far (RFC 9293 §3.8.5)
};

/// At most one is pending a socket: later bits are added to it.
struct Event {
  SocketHandle socket;
  std::uint16_t bits = 0;
};

}  // namespace leat
