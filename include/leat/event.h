// SocketHandle, the name of a socket, and Event, the stack's news about it.
//
// Threading: plain values.
#pragma once

#include <cstdint>

namespace leat {

/// Index and generation. The handle of a closed socket never names a later socket with the same index.
struct SocketHandle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  ///< 0: no socket
  constexpr explicit operator bool() const { return generation != 0; }
  constexpr bool operator==(const SocketHandle&) const = default;
};

/// Bits of Event::bits. An event says that the state may have changed; readiness() returns the state.
enum EventBits : std::uint16_t {
  kEventConnected = 1,    ///< connect() has succeeded
  kEventReadable = 2,     ///< data, end of stream or an error can be read
  kEventWritable = 4,     ///< a third of the send buffer is free, and notsent_lowat permits a write
  kEventAcceptable = 8,   ///< the listener has a connection to accept
  kEventPeerClosed = 16,  ///< the peer's FIN has arrived in order
  kEventFlushed = 32,     ///< all written data, and the FIN if one was sent, is acknowledged
  kEventError = 64,       ///< the connection has failed; error() gives the reason
  kEventClosed = 128,     ///< the connection has ended or is in TIME-WAIT
  kEventUrgent = 256,     ///< the peer has sent (more) urgent data; TcpInfo::urgent gives its end (RFC 9293 §3.8.5)
};

/// A socket has at most one pending event. Later bits are added to it.
struct Event {
  SocketHandle socket;
  std::uint16_t bits = 0;
};

}  // namespace leat
