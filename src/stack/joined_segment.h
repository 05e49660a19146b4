// JoinedSegment: segments that arrive one behind the other in one batch and one connection, as one segment; what Linux
// calls GRO. A device without super-segments costs a connection no more for each 64 kB than one with them.
//
// It holds what has come last until it is known that nothing more joins it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ip/interface_id.h"
#include "packet/packet.h"
#include "tcp/four_tuple.h"
#include "tcp/segment.h"
#include "wire/ipv4.h"

namespace leat {

/// A packet that begins with a TCP header, whose lengths and checksum are right.
struct TcpPacket {
  const Ipv4Header& ip;
  InterfaceId interface;
  std::size_t header_length;
  Packet& packet;  ///< stays where it is until it was delivered
};

class JoinedSegment {
 public:
  /// Bytes of payload.
  static constexpr std::uint32_t kMaxLength = 65535;

  bool empty() const { return packets_ == 0; }
  std::size_t packets() const { return packets_; }
  const FourTuple& tuple() const { return tuple_; }
  InterfaceId interface() const { return interface_; }
  SegmentIn& segment() { return segment_; }

  /// Adds the segment, when the connection cannot tell the difference: all is as in those before it but the payload,
  /// which goes on where theirs ended, and PSH or FIN, which only the last may have (as Linux).
  bool append(const TcpPacket& next);
  /// Begins with a segment; empty() before. False when its header is malformed.
  bool begin(const TcpPacket& first);
  /// The segment belongs to the same connection.
  bool is_of(const TcpPacket& other) const;
  void clear();

 private:
  void take_slices(Packet& packet);

  FourTuple tuple_;
  SegmentIn segment_;
  std::array<std::uint8_t, 60> header_{};  ///< of the first
  std::size_t header_length_ = 0;
  std::array<Slice, PacketBatch::kCapacity> slices_;  ///< of the payload of more than one packet
  Packet* first_ = nullptr;
  std::size_t slice_count_ = 0, packets_ = 0;
  InterfaceId interface_ = 0;
  std::uint8_t tos_ = 0;
  bool is_open_ = false;  ///< more may join
};

}  // namespace leat
