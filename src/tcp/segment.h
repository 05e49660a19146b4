// Segments as TCP sees them: a parsed one that has arrived, and one to be sent. Addresses, ports and header bytes
// belong to the stack.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "packet/packet.h"
#include "packet/path_evidence.h"
#include "wire/seq.h"
#include "wire/tcp.h"
#include "wire/tcp_options.h"

namespace leat {

/// An arrived segment, or a super-segment that stands for several. Its checksum is known to be right.
struct SegmentIn {
  SeqNum seq;
  SeqNum ack;
  TcpFlags flags;
  std::uint16_t window = 0;  ///< as on the wire, not scaled
  std::uint16_t urgent = 0;  ///< the urgent pointer; meaningful with flags.urg()
  TcpOptionSet options;
  std::span<Slice> payload;  ///< the receiver may move slices out
  std::uint32_t length = 0;  ///< bytes of payload
  std::uint32_t wire_segments = 1;
  std::uint32_t largest_payload = 0;  ///< of one wire segment, bytes
  bool more_follow = false;           ///< more segments of this connection have arrived already

  /// SEG.LEN of RFC 9293: payload, SYN and FIN.
  std::uint32_t sequence_length() const { return length + (flags.syn() ? 1 : 0) + (flags.fin() ? 1 : 0); }
};

/// How Linux counts a retransmission, besides TcpRetransSegs.
enum class RetransmissionCause : std::uint8_t {
  other,
  fast,            ///< fast retransmit and what follows in the same recovery (TcpExtTCPFastRetrans)
  after_time_out,  ///< further segments that a time-out marked lost (TcpExtTCPSlowStartRetrans)
};

/// A segment to be sent, without its payload.
struct SegmentOutHead {
  SeqNum seq;
  SeqNum ack;
  TcpFlags flags;
  std::uint16_t window = 0;
  std::uint16_t urgent = 0;
  TcpOptionSet options;
  std::uint8_t slices = 0;  ///< of payload
  bool retransmission = false;
  RetransmissionCause cause = RetransmissionCause::other;
  bool probe = false;  ///< asks for an ACK only (zero window)
  PathEvidence evidence = PathEvidence::none;
  PacketNote note;             ///< why it is sent, where that is not obvious
  std::uint32_t length = 0;    ///< bytes of payload
  std::uint16_t gso_size = 0;  ///< payload bytes of each wire segment but the last

  std::uint32_t wire_segments() const {
    return length <= gso_size || gso_size == 0 ? 1 : (length + gso_size - 1) / gso_size;
  }
};

/// A segment to be sent, or a super-segment (GSO) when the payload is longer than gso_size.
struct SegmentOut : SegmentOutHead {
  static constexpr std::size_t kMaxSlices = Packet::kMaxSlices - 1;  // the headers take one

  std::array<Slice, kMaxSlices> payload;

  void clear() {
    for (std::size_t i = 0; i < slices; ++i) payload[i] = Slice{};
    static_cast<SegmentOutHead&>(*this) = {};
  }
};

}  // namespace leat
