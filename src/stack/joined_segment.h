// JoinedSegment: segments that arrive one behind the other in one batch and one connection, as one segment; what Linux
// calls GRO. A device without super-segments costs a connection no more for each 64 kB than one with them.
//
// It holds what has come last until it is known that nothing more joins it. What does is recognised by its headers'
// bytes alone: where they are the same, all that was found out about the first is true of the next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ip/interface_id.h"
#include "packet/packet.h"
#include "tcp/four_tuple.h"
#include "tcp/segment.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat {

/// The first bytes of a frame as it came: its link header and an IPv4 header without options.
class FrameLead {
 public:
  static constexpr std::size_t kLargest = EthernetHeader::kSize + Ipv4Header::kSize;

  /// Of an interface with `link` bytes in front of the IP header.
  FrameLead(const Packet& frame, InterfaceId interface, std::size_t link);
  FrameLead() = default;

 private:
  friend class JoinedSegment;
  std::array<std::uint8_t, kLargest> bytes_;
  std::size_t link_ = 0, size_ = 0;  ///< size_ 0: it is something else
  InterfaceId interface_ = 0;
};

/// A packet that begins with a TCP header, whose lengths and checksum are right.
struct TcpPacket {
  const Ipv4Header& ip;
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
  InterfaceId interface() const { return lead_.interface_; }
  SegmentIn& segment() { return segment_; }

  /// Adds the segment in a frame, when the connection cannot tell the difference: all is as in those before it but the
  /// payload, which goes on where theirs ended, and PSH or FIN, which only the last may have (as Linux). Its checksums
  /// are right then. False: nothing has changed.
  bool append(InterfaceId interface, Packet& frame) { return is_open_ && append_to_open(interface, frame); }
  /// Begins with a segment, whose frame began with `lead`; empty() before. False when its header is malformed.
  bool begin(const TcpPacket& first, const FrameLead& lead);
  /// The segment belongs to the same connection.
  bool is_of(const TcpPacket& other) const;
  void clear();

 private:
  bool append_to_open(InterfaceId interface, Packet& frame);
  bool has_same_headers(const std::uint8_t* frame) const;
  bool has_good_checksums(const Packet& frame, std::size_t total_length) const;
  void take_slices(Packet& packet);

  FourTuple tuple_;
  SegmentIn segment_;
  FrameLead lead_;
  std::array<std::uint8_t, TcpHeader::kMaxSize> header_{};  ///< TCP's, of the first
  std::size_t header_length_ = 0;
  std::array<Slice, PacketBatch::kCapacity> slices_;  ///< of the payload of more than one packet
  Packet* first_ = nullptr;
  std::size_t slice_count_ = 0, packets_ = 0;
  bool is_open_ = false;  ///< more may join
};

}  // namespace leat
