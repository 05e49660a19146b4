#include "packet/transport_checksum.h"

#include <algorithm>

#include "wire/udp.h"

namespace leat {
namespace {

void put_byte(Packet& packet, std::size_t at, std::uint8_t value) {
  for (Slice& s : packet.slices()) {
    if (at < s.size()) {
      s.mutable_bytes()[at] = value;
      return;
    }
    at -= s.size();
  }
}

}  // namespace

void add_to_checksum(ChecksumAccumulator& sum, const Packet& packet, std::size_t from, std::size_t length) {
  for (const Slice& s : packet.slices()) {
    if (from >= s.size()) {
      from -= s.size();
      continue;
    }
    const std::size_t here = std::min(s.size() - from, length);
    sum.add(s.bytes().subspan(from, here));
    length -= here;
    if (length == 0) return;
    from = 0;
  }
}

bool finish_checksum(Packet& packet) {
  if (packet.offload.checksum != ChecksumState::partial) return true;
  const std::size_t start = packet.offload.checksum_start;
  const std::size_t field = start + packet.offload.checksum_offset;
  if (field + 2 > packet.size()) return false;
  ChecksumAccumulator sum;
  add_to_checksum(sum, packet, start, packet.size() - start);
  std::uint16_t value = sum.finish();
  if (value == 0 && packet.offload.checksum_offset == UdpHeader::kChecksumOffset) value = 0xffff;
  put_byte(packet, field, static_cast<std::uint8_t>(value >> 8));  // the field may straddle two slices
  put_byte(packet, field + 1, static_cast<std::uint8_t>(value));
  packet.offload.checksum = ChecksumState::unchecked;
  return true;
}

bool has_good_checksum(const Packet& packet, const TransportSpan& span) {
  if (packet.offload.checksum != ChecksumState::unchecked) return true;
  if (span.start > packet.size() || span.length > packet.size() - span.start) return false;
  ChecksumAccumulator sum;
  if (span.protocol != IpProtocol::icmp) {
    sum.add_pseudo_header(span.source, span.destination, static_cast<std::uint8_t>(span.protocol),
                          static_cast<std::uint32_t>(span.length));
  }
  add_to_checksum(sum, packet, span.start, span.length);
  return sum.is_valid();
}

}  // namespace leat
