#include "packet/coalesce.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat {
namespace {

/// The headers of a segment that may be joined with others.
struct Segment {
  const std::uint8_t* ip;  ///< the contiguous headers
  const std::uint8_t* tcp;
  std::size_t headers;  ///< link, IP and TCP headers together
  std::size_t ip_length, tcp_length, payload;

  std::uint32_t seq() const { return load_be32(tcp + TcpHeader::kSeqOffset); }
  std::uint16_t id() const { return load_be16(ip + Ipv4Header::kIdOffset); }
  TcpFlags flags() const { return TcpFlags(tcp[TcpHeader::kFlagsOffset]); }
};

std::optional<Segment> read(const Packet& packet, std::size_t link) {
  const Offload& o = packet.offload;
  if (o.checksum != ChecksumState::partial || o.checksum_offset != TcpHeader::kChecksumOffset) return std::nullopt;
  const Bytes front = packet.front();
  if (front.size() < link + Ipv4Header::kSize + TcpHeader::kSize) return std::nullopt;
  const std::uint8_t* ip = front.data() + link;
  const std::size_t ip_length = (ip[0] & 0x0fu) * 4;
  const bool fragment = (load_be16(ip + 6) & 0x3fff) != 0;
  if (ip[0] >> 4 != 4 || ip[9] != static_cast<std::uint8_t>(IpProtocol::tcp) || fragment) return std::nullopt;
  if (o.checksum_start != link + ip_length || load_be16(ip + 2) != packet.size() - link) return std::nullopt;
  if (ip_length < Ipv4Header::kSize || front.size() < link + ip_length + TcpHeader::kSize) return std::nullopt;
  const std::uint8_t* tcp = ip + ip_length;
  const std::size_t tcp_length = (tcp[12] >> 4) * std::size_t{4};
  const std::size_t headers = link + ip_length + tcp_length;
  if (tcp_length < TcpHeader::kSize || front.size() < headers || packet.size() == headers) return std::nullopt;
  return Segment{ip, tcp, headers, ip_length, tcp_length, packet.size() - headers};
}

/// Compares the header fields that splitting copies from the first segment to the others. True if they are equal.
bool has_same_headers(const Segment& a, const Segment& b, std::size_t link) {
  if (a.ip_length != b.ip_length || a.tcp_length != b.tcp_length) return false;
  const auto same = [](const std::uint8_t* x, const std::uint8_t* y, std::size_t from, std::size_t to) {
    return std::memcmp(x + from, y + from, to - from) == 0;
  };
  return same(a.ip - link, b.ip - link, 0, link) && same(a.ip, b.ip, 0, 2) &&
         same(a.ip, b.ip, 6, Ipv4Header::kChecksumOffset) &&
         same(a.ip, b.ip, Ipv4Header::kChecksumOffset + 2, a.ip_length) &&
         same(a.tcp, b.tcp, 0, TcpHeader::kSeqOffset) && same(a.tcp, b.tcp, 8, TcpHeader::kFlagsOffset) &&
         same(a.tcp, b.tcp, TcpHeader::kWindowOffset, TcpHeader::kWindowOffset + 2) &&
         same(a.tcp, b.tcp, TcpHeader::kSize, a.tcp_length);
}

bool continues(const Segment& group, const Segment& next, std::size_t segment_size) {
  const TcpFlags none = kTcpSyn | kTcpRst | kTcpUrg;
  const TcpFlags first = group.flags(), then = next.flags();
  if (first.has_any(none | kTcpFin | kTcpPsh) || then.has_any(none | kTcpCwr)) return false;
  if (then.without(kTcpFin | kTcpPsh) != first.without(kTcpCwr)) return false;
  if (next.payload > segment_size || group.payload % segment_size != 0) return false;
  const std::size_t joined = group.payload / segment_size;
  return next.seq() == static_cast<std::uint32_t>(group.seq() + group.payload) &&
         next.id() == static_cast<std::uint16_t>(group.id() + joined);
}

/// True if the payload of `next` fits into the free slices of `group`. Segments that were split from one super-segment
/// lie in one block, and become one slice again.
bool has_room_for(const Packet& group, const Packet& next, std::size_t headers) {
  std::size_t pieces = group.slices().size();
  std::size_t skip = headers;
  const Slice* last = &group.slices().back();
  for (const Slice& s : next.slices()) {
    const std::size_t skipped = std::min(skip, s.size());
    skip -= skipped;
    if (s.size() == skipped) continue;
    if (skipped > 0 || !last->is_followed_by(s)) ++pieces;
    last = &s;
  }
  return pieces <= Packet::kMaxSlices;
}

void write_headers(Packet& group, const Segment& s, TcpFlags last_flags, std::size_t link) {
  const MutableBytes bytes = group.slices()[0].mutable_bytes();
  std::uint8_t* ip = bytes.data() + link;
  store_be16(ip + 2, static_cast<std::uint16_t>(group.size() - link));
  store_be16(ip + Ipv4Header::kChecksumOffset, 0);
  store_be16(ip + Ipv4Header::kChecksumOffset, internet_checksum(Bytes(ip, s.ip_length)));
  std::uint8_t* tcp = ip + s.ip_length;
  tcp[TcpHeader::kFlagsOffset] = (s.flags() | last_flags).bits();
  ChecksumAccumulator pseudo;
  pseudo.add_pseudo_header(Bytes(ip, s.ip_length), static_cast<std::uint8_t>(IpProtocol::tcp),
                           static_cast<std::uint32_t>(group.size() - link - s.ip_length));
  store_be16(tcp + TcpHeader::kChecksumOffset, pseudo.fold());
}

}  // namespace

bool join_segments(Packet& group, Packet& next, const JoinOptions& options) {
  const std::size_t link = options.link_header;
  if (next.offload.gso_size != 0 || group.slices().empty() || !group.slices()[0].is_unique()) return false;
  const auto first = read(group, link);
  const auto then = read(next, link);
  if (!first || !then || !has_same_headers(*first, *then, link)) return false;
  const std::size_t segment_size = group.offload.gso_size != 0 ? group.offload.gso_size : first->payload;
  if (segment_size > 0xffff || !continues(*first, *then, segment_size)) return false;
  const std::size_t largest = std::min<std::size_t>(options.max_super_segment, 0xffff);
  if (group.size() - link + then->payload > largest || !has_room_for(group, next, then->headers)) return false;

  const TcpFlags last_flags = then->flags();
  next.remove_front(then->headers);
  for (Slice& s : next.slices()) {
    if (!s.empty() && !group.extend_last(s)) group.append(std::move(s));
  }
  next.clear();
  write_headers(group, *first, last_flags, link);
  group.offload.gso_size = static_cast<std::uint16_t>(segment_size);
  group.offload.header_length = static_cast<std::uint16_t>(first->headers);
  return true;
}

}  // namespace leat
