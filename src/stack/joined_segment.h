// JoinedSegment coalesces adjacent segments of one connection in a batch into one segment, as Linux's GRO does. A
// connection then does the same work for each 64 kB, whether the device delivers super-segments or not.
//
// It holds the latest segment until it is known that no more join it. Only the bytes of the headers decide whether a
// segment joins: where they are equal, every check of the first segment holds for the next one too.
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

  /// Copies the lead of a frame from an interface with `link` bytes in front of the IP header.
  FrameLead(const Packet& frame, InterfaceId interface, std::size_t link);
  FrameLead() = default;

 private:
  friend class JoinedSegment;
  std::array<std::uint8_t, kLargest> bytes_;
  std::size_t link_ = 0, size_ = 0;  ///< size_ is 0 for any other frame
  InterfaceId interface_ = 0;
};

/// A packet that begins with a TCP header. Its lengths and its checksum have been checked.
struct TcpPacket {
  const Ipv4Header& ip;
  std::size_t header_length;
  Packet& packet;  ///< must stay where it is until the segment is delivered
};

class JoinedSegment {
 public:
  /// The most payload of a joined segment, in bytes.
  static constexpr std::uint32_t kMaxLength = 65535;

  bool empty() const { return packets_ == 0; }
  std::size_t packets() const { return packets_; }
  const FourTuple& tuple() const { return tuple_; }
  InterfaceId interface() const { return lead_.interface_; }
  SegmentIn& segment() { return segment_; }

  /// Adds the segment in `frame` when the connection cannot tell the difference. Its payload must continue the joined
  /// one, its headers must be equal except for PSH and FIN, which only the last segment may have (as in Linux), and its
  /// checksums must be good. Returns false, and changes nothing, otherwise.
  bool append(InterfaceId interface, Packet& frame) { return is_open_ && append_to_open(interface, frame); }
  /// Begins with a segment whose frame began with `lead`. Call it when empty(). Returns false when the TCP header is
  /// malformed.
  bool begin(const TcpPacket& first, const FrameLead& lead);
  /// True when `other` belongs to the same connection.
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
  std::array<std::uint8_t, TcpHeader::kMaxSize> header_{};  ///< the TCP header of the first
  std::size_t header_length_ = 0;
  std::array<Slice, PacketBatch::kCapacity> slices_;  ///< the payload of several packets
  Packet* first_ = nullptr;
  std::size_t slice_count_ = 0, packets_ = 0;
  bool is_open_ = false;  ///< true while more may join
};

}  // namespace leat
