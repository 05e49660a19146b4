// Software GSO: divides a TCP/IPv4 super-segment (Offload::gso_size) into wire segments. Devices without TSO use it,
// and code that must decide about each wire segment, such as the emulator.
//
// The segments share the payload by reference, and each has its headers in a new buffer. Splitting may stop after any
// segment, when a batch is full or the pool is empty, and continue later.
//
// The result equals that of a device with TSO. IP ids count up, except for the 0 of atomic datagrams. FIN and PSH are
// on the last segment only, CWR is on the first only (RFC 3168 §6.1.2), and the urgent pointer is kept while it points
// ahead.
#pragma once

#include <cstdint>

#include "packet/packet.h"
#include "wire/seq.h"
#include "wire/tcp.h"

namespace leat {

enum class SplitResult : std::uint8_t {
  segment,    ///< next() returned a packet
  done,       ///< no segment is left
  no_buffer,  ///< the pool is empty; nothing is lost, call again later
};

struct SplitOptions {
  std::size_t link_header = 0;     ///< bytes of the link header, which each segment gets
  bool partial_checksums = false;  ///< leaves transport checksums to the device
};

class SegmentSplitter {
 public:
  /// Free bytes in front of the headers of each segment.
  static constexpr std::size_t kHeadroom = 64;

  /// Takes `packet` and drops the rest of an earlier one. next() returns a plain packet unchanged, except that it
  /// completes a partial checksum unless partial_checksums is set. Returns false if a super-segment is not a
  /// well-formed TCP/IPv4 data segment, or if a buffer is needed to make its headers contiguous and the pool is empty.
  bool start(Packet&& packet, const SplitOptions& options, BufferPool& pool);
  bool is_done() const { return rest_.empty(); }

  SplitResult next(Packet& out, BufferPool& pool);
  /// Calls next() until the batch is full or no packet comes. The result `segment` means that more may follow.
  SplitResult fill(PacketBatch& out, BufferPool& pool);

 private:
  bool parse_headers(BufferPool& pool);
  void prepare_sums();
  bool gather(Packet& out, std::size_t length, BufferPool& pool);
  void write_headers(Packet& segment, std::size_t payload);

  Packet rest_;    // payload that is not split yet, or a whole plain packet
  Slice headers_;  // headers of the super-segment; empty for a plain packet
  SplitOptions options_;
  std::uint16_t segment_size_ = 0;
  std::uint16_t ip_start_ = 0, tcp_start_ = 0;
  std::uint16_t ip_sum_ = 0;      // sum of the IP header without length, id and checksum
  std::uint16_t pseudo_sum_ = 0;  // sum of the pseudo-header without the length
  std::uint16_t tcp_sum_ = 0;     // sum of the TCP header without seq, flags, checksum and urgent pointer
  std::uint16_t next_id_ = 0;
  bool counts_ids_ = false;  // false: atomic datagrams with identification 0 (RFC 6864 §4.1)
  std::uint16_t urgent_ = 0;
  SeqNum next_seq_;
  TcpFlags flags_;  // flags of the next segment, if it were the last
};

}  // namespace leat
