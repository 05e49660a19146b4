#include "packet/segment_split.h"

#include <algorithm>
#include <cstring>

#include "packet/transport_checksum.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

namespace leat {
bool SegmentSplitter::start(Packet&& packet, const SplitOptions& options, BufferPool& pool) {
  rest_ = std::move(packet);
  headers_ = {};
  options_ = options;
  segment_size_ = rest_.offload.gso_size;
  if (segment_size_ == 0) return true;
  if (!parse_headers(pool)) {
    rest_.clear();
    headers_ = {};
    return false;
  }
  return true;
}

/// Divides rest_ into headers_ and payload. A super-segment of one segment stays whole.
bool SegmentSplitter::parse_headers(BufferPool& pool) {
  const std::size_t link = options_.link_header;
  if (!rest_.linearize(link + Ipv4Header::kSize, pool)) return false;
  const std::size_t ip_length = (rest_.front()[link] & 0x0fu) * 4;
  if (!rest_.linearize(link + ip_length + TcpHeader::kSize, pool)) return false;
  const std::size_t tcp_length = (rest_.front()[link + ip_length + 12] >> 4) * 4u;
  const std::size_t headers = link + ip_length + tcp_length;
  if (!rest_.linearize(headers, pool)) return false;

  const auto ip = Ipv4Header::parse(rest_.front().subspan(link), rest_.size() - link);
  if (!ip || ip->protocol != IpProtocol::tcp || ip->is_fragment()) return false;
  const auto tcp = TcpHeader::parse(rest_.front().subspan(link + ip->header_length));
  if (!tcp || ip->payload_length() < tcp->header_length || tcp->flags.has_any(kTcpSyn | kTcpRst)) return false;
  rest_.truncate(link + ip->total_length);
  const std::size_t payload = ip->payload_length() - tcp->header_length;
  if (payload <= segment_size_) {
    rest_.offload.gso_size = rest_.offload.header_length = 0;
    return true;
  }
  if (kHeadroom + headers > size_of(BufferClass::header)) return false;
  if (kHeadroom + headers + segment_size_ > size_of(BufferClass::super)) return false;

  ip_start_ = static_cast<std::uint16_t>(link);
  tcp_start_ = static_cast<std::uint16_t>(link + ip->header_length);
  next_id_ = ip->id;
  counts_ids_ = ip->id != 0 || !ip->dont_fragment;
  next_seq_ = tcp->seq;
  flags_ = tcp->flags;
  urgent_ = tcp->urgent;
  headers_ = rest_.slices()[0].part(0, headers);
  rest_.remove_front(headers);
  prepare_sums();
  return true;
}

/// Sums the header fields that all segments share.
void SegmentSplitter::prepare_sums() {
  const Bytes ip = headers_.bytes().subspan(ip_start_, tcp_start_ - ip_start_);
  const Bytes tcp = headers_.bytes().subspan(tcp_start_);
  ChecksumAccumulator ip_sum;
  ip_sum.add(ip.first(Ipv4Header::kLengthOffset));
  ip_sum.add(ip.subspan(Ipv4Header::kIdOffset + 2, Ipv4Header::kChecksumOffset - Ipv4Header::kIdOffset - 2));
  ip_sum.add(ip.subspan(Ipv4Header::kChecksumOffset + 2));
  ip_sum_ = ip_sum.fold();
  ChecksumAccumulator pseudo;
  pseudo.add_pseudo_header(ip, static_cast<std::uint8_t>(IpProtocol::tcp), 0);
  pseudo_sum_ = pseudo.fold();
  ChecksumAccumulator tcp_sum;
  tcp_sum.add(tcp.first(TcpHeader::kSeqOffset));
  tcp_sum.add(tcp.subspan(8, 4));
  tcp_sum.add16(static_cast<std::uint16_t>(tcp[12] << 8));
  tcp_sum.add(tcp.subspan(14, 2));
  tcp_sum.add(tcp.subspan(TcpHeader::kSize));
  tcp_sum_ = tcp_sum.fold();
}

SplitResult SegmentSplitter::next(Packet& out, BufferPool& pool) {
  if (rest_.empty()) return SplitResult::done;
  if (!headers_) {
    out = std::move(rest_);
    if (!options_.partial_checksums) (void)finish_checksum(out);
    return SplitResult::segment;
  }
  const std::size_t length = std::min<std::size_t>(segment_size_, rest_.size());
  out.clear();
  if (!gather(out, length, pool)) return SplitResult::no_buffer;
  write_headers(out, length);
  if (rest_.empty()) headers_ = {};
  return SplitResult::segment;
}

SplitResult SegmentSplitter::fill(PacketBatch& out, BufferPool& pool) {
  while (!out.full()) {
    const SplitResult r = next(out.add(), pool);
    if (r != SplitResult::segment) {
      out.drop_last();
      return r;
    }
  }
  return SplitResult::segment;
}

/// Makes `out` from a buffer for the headers and the next `length` bytes of rest_.
bool SegmentSplitter::gather(Packet& out, std::size_t length, BufferPool& pool) {
  std::size_t pieces = 0, covered = 0;
  while (covered < length) covered += rest_.slices()[pieces++].size();
  if (pieces >= Packet::kMaxSlices) {  // the slice of the headers would be one too many
    const std::size_t total = headers_.size() + length;
    Slice whole = pool.allocate(class_for(kHeadroom + total), kHeadroom, total);
    if (!whole) return false;
    rest_.copy_out(0, whole.mutable_bytes().subspan(headers_.size()));
    rest_.remove_front(length);
    out.append(std::move(whole));
    return true;
  }
  Slice head = pool.allocate(BufferClass::header, kHeadroom, headers_.size());
  if (!head) return false;
  out.append(std::move(head));
  for (std::size_t left = length; left > 0;) {
    Slice& first = rest_.slices()[0];
    const std::size_t here = std::min(left, first.size());
    if (here > 0) out.append(first.part(0, here));
    rest_.remove_front(here);
    left -= here;
  }
  return true;
}

void SegmentSplitter::write_headers(Packet& segment, std::size_t payload) {
  segment.note = rest_.note;
  const MutableBytes bytes = segment.slices()[0].mutable_bytes();
  std::memcpy(bytes.data(), headers_.data(), headers_.size());
  const std::size_t tcp_length = headers_.size() - tcp_start_ + payload;

  std::uint8_t* ip = bytes.data() + ip_start_;
  const auto total = static_cast<std::uint16_t>(tcp_start_ - ip_start_ + tcp_length);
  ChecksumAccumulator ip_sum(ip_sum_);
  ip_sum.add16(total);
  ip_sum.add16(next_id_);
  store_be16(ip + Ipv4Header::kLengthOffset, total);
  store_be16(ip + Ipv4Header::kIdOffset, next_id_);
  if (counts_ids_) ++next_id_;
  store_be16(ip + Ipv4Header::kChecksumOffset, ip_sum.finish());

  const bool last = rest_.empty();
  TcpFlags flags = last ? flags_ : flags_.without(kTcpFin | kTcpPsh);
  const bool urgent = flags.urg() && urgent_ > 0;
  if (!urgent) flags = flags.without(kTcpUrg);
  std::uint8_t* tcp = bytes.data() + tcp_start_;
  store_be32(tcp + TcpHeader::kSeqOffset, next_seq_.raw());
  tcp[TcpHeader::kFlagsOffset] = flags.bits();
  store_be16(tcp + TcpHeader::kUrgentOffset, urgent ? urgent_ : 0);

  ChecksumAccumulator pseudo(pseudo_sum_);
  pseudo.add16(static_cast<std::uint16_t>(tcp_length));
  if (options_.partial_checksums) {
    store_be16(tcp + TcpHeader::kChecksumOffset, pseudo.fold());
    segment.offload.checksum = ChecksumState::partial;
    segment.offload.checksum_start = tcp_start_;
    segment.offload.checksum_offset = TcpHeader::kChecksumOffset;
  } else {
    ChecksumAccumulator sum = pseudo;
    sum.add16(tcp_sum_);
    sum.add32(next_seq_.raw());
    sum.add16(flags.bits());
    sum.add16(urgent ? urgent_ : 0);
    add_to_checksum(sum, segment, headers_.size(), payload);
    store_be16(tcp + TcpHeader::kChecksumOffset, sum.finish());
  }
  next_seq_ = next_seq_ + static_cast<std::uint32_t>(payload);
  flags_ = flags_.without(kTcpCwr);
  urgent_ = static_cast<std::uint16_t>(urgent_ > payload ? urgent_ - payload : 0);
}

}  // namespace leat
