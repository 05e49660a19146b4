// Software GSO: turns a TCP/IPv4 super-segment (Offload::gso_size) into the segments that go on the wire,
// for devices that take plain packets only, and for whatever must decide per wire segment.
//
// Segments share the payload of the super-segment by reference; each gets its headers in a fresh header
// buffer. Splitting may stop at any segment, when a batch is full or the pool is empty, and go on later.
// The result is what a device with TSO would send: IP ids that count up unless they are the 0 of atomic datagrams,
// sequence numbers, FIN and PSH on the last segment only, CWR on the first only (RFC 3168 §6.1.2), the urgent pointer
// where it still points ahead.
#pragma once

#include <cstdint>

#include "packet/packet.h"
#include "wire/seq.h"
#include "wire/tcp.h"

namespace leat {

enum class SplitResult : std::uint8_t {
  segment,    ///< next() gave a packet
  done,       ///< nothing is left
  no_buffer,  ///< the pool is empty; nothing was lost, ask again
};

struct SplitOptions {
  std::size_t link_header = 0;     ///< bytes in front of the IP header, copied to each segment
  bool partial_checksums = false;  ///< leave transport checksums to the device (ChecksumState::partial)
};

class SegmentSplitter {
 public:
  /// Spare bytes in front of each segment's headers.
  static constexpr std::size_t kHeadroom = 64;

  /// Takes `packet`, whatever was left of an earlier one is dropped. Plain packets pass through next() as they
  /// are, their checksum completed unless partial ones are welcome. False when it is refused: a super-segment
  /// that is no well-formed TCP/IPv4 data segment, or no buffer to make its headers contiguous.
  bool start(Packet&& packet, const SplitOptions& options, BufferPool& pool);
  bool is_done() const { return rest_.empty(); }

  SplitResult next(Packet& out, BufferPool& pool);
  /// Calls next() until the batch is full or it gives nothing; `segment` says that there may be more.
  SplitResult fill(PacketBatch& out, BufferPool& pool);

 private:
  bool parse_headers(BufferPool& pool);
  void prepare_sums();
  bool gather(Packet& out, std::size_t length, BufferPool& pool);
  void write_headers(Packet& segment, std::size_t payload);

  Packet rest_;    // payload not sent yet; the whole packet when it passes through
  Slice headers_;  // link, IP and TCP headers of the super-segment; empty when it passes through
  SplitOptions options_;
  std::uint16_t segment_size_ = 0;
  std::uint16_t ip_start_ = 0, tcp_start_ = 0;
  std::uint16_t ip_sum_ = 0;      // of the IP header without length, id and checksum
  std::uint16_t pseudo_sum_ = 0;  // of the pseudo-header without the length
  std::uint16_t tcp_sum_ = 0;     // of the TCP header without seq, flags, checksum and urgent pointer
  std::uint16_t next_id_ = 0;
  bool counts_ids_ = false;  // false: atomic datagrams whose identification is 0, as ours (RFC 6864 §4.1)
  std::uint16_t urgent_ = 0;
  SeqNum next_seq_;
  TcpFlags flags_;  // of the next segment, as if it were the last
};

}  // namespace leat
