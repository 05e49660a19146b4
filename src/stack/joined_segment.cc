#include "stack/joined_segment.h"

#include <cstring>

#include "packet/transport_checksum.h"
#include "wire/checksum.h"
#include "wire/tcp_options.h"

namespace leat {
namespace {

constexpr TcpFlags kOfTheLast = kTcpPsh | kTcpFin;

bool is_same(const std::uint8_t* a, const std::uint8_t* b, std::size_t from, std::size_t to) {
  return std::memcmp(a + from, b + from, to - from) == 0;
}

/// Selects data offset, reserved bits, flags and window, without the flags that only the last segment may have.
std::uint32_t control_word(const std::uint8_t* tcp) {
  return load_be32(tcp + TcpHeader::kLengthOffset) & ~(std::uint32_t{kOfTheLast.bits()} << 16);
}

}  // namespace

FrameLead::FrameLead(const Packet& frame, InterfaceId interface, std::size_t link)
    : link_(link), interface_(interface) {
  const Bytes front = frame.front();
  if (front.size() < link + Ipv4Header::kSize || front[link] != 0x45) return;
  size_ = link + Ipv4Header::kSize;
  std::memcpy(bytes_.data(), front.data(), size_);
}

bool JoinedSegment::is_of(const TcpPacket& other) const {
  return std::memcmp(other.packet.front().data(), header_.data(), TcpHeader::kSeqOffset) == 0 &&
         other.ip.source == tuple_.remote.address && other.ip.destination == tuple_.local.address;
}

bool JoinedSegment::has_same_headers(const std::uint8_t* frame) const {
  const std::uint8_t* ip = frame + lead_.link_;
  const std::uint8_t* our_ip = lead_.bytes_.data() + lead_.link_;
  const std::uint8_t* tcp = ip + Ipv4Header::kSize;
  return is_same(tcp, header_.data(), 0, TcpHeader::kSeqOffset) &&
         load_be32(tcp + TcpHeader::kSeqOffset) == segment_.seq.raw() + segment_.length &&
         is_same(tcp, header_.data(), TcpHeader::kAckOffset, TcpHeader::kLengthOffset) &&
         control_word(tcp) == control_word(header_.data()) &&
         is_same(ip, our_ip, Ipv4Header::kSourceOffset, Ipv4Header::kSize) &&
         is_same(ip, our_ip, Ipv4Header::kFragmentOffset, Ipv4Header::kChecksumOffset) &&
         is_same(ip, our_ip, 0, Ipv4Header::kLengthOffset) && is_same(frame, lead_.bytes_.data(), 0, lead_.link_) &&
         is_same(tcp, header_.data(), TcpHeader::kSize, header_length_);
}

bool JoinedSegment::has_good_checksums(const Packet& frame, std::size_t total_length) const {
  const Bytes ip = frame.front().subspan(lead_.link_, Ipv4Header::kSize);
  if (internet_checksum(ip) != 0) return false;
  if (frame.offload.checksum != ChecksumState::unchecked) return true;
  const std::size_t length = total_length - Ipv4Header::kSize;
  ChecksumAccumulator sum;
  sum.add_pseudo_header(ip, static_cast<std::uint8_t>(IpProtocol::tcp), static_cast<std::uint32_t>(length));
  add_to_checksum(sum, frame, lead_.link_ + Ipv4Header::kSize, length);
  return sum.is_valid();
}

bool JoinedSegment::append_to_open(InterfaceId interface, Packet& frame) {
  const std::size_t headers = lead_.size_ + header_length_;
  const Bytes front = frame.front();
  if (interface != lead_.interface_ || frame.offload.gso_size != 0 || front.size() < headers) return false;
  if (!has_same_headers(front.data())) return false;
  const std::size_t total_length = load_be16(front.data() + lead_.link_ + Ipv4Header::kLengthOffset);
  const std::size_t end = lead_.link_ + total_length;
  if (end <= headers || end > frame.size()) return false;
  const std::size_t length = end - headers;
  if (length > segment_.largest_payload || segment_.length + length > kMaxLength) return false;
  const std::size_t have = packets_ == 1 ? first_->slices().size() : slice_count_;
  if (have + frame.slices().size() > slices_.size()) return false;
  if (!has_good_checksums(frame, total_length)) return false;

  const TcpFlags last = TcpFlags(front[lead_.size_ + TcpHeader::kFlagsOffset]) & kOfTheLast;
  frame.truncate(end);
  frame.remove_front(headers);
  if (packets_ == 1) take_slices(*first_);
  take_slices(frame);
  segment_.payload = {slices_.data(), slice_count_};
  segment_.length += static_cast<std::uint32_t>(length);
  segment_.flags |= last;
  ++segment_.wire_segments;
  ++packets_;
  is_open_ = last == TcpFlags{} && length == segment_.largest_payload;
  return true;
}

bool JoinedSegment::begin(const TcpPacket& first, const FrameLead& lead) {
  const Bytes front = first.packet.front();
  const std::optional<TcpHeader> header = TcpHeader::parse(front);
  if (!header) return false;
  // Everything that is read from the header is read before remove_front(), which frees the memory of a bare header.
  segment_.options = TcpOptionSet::parse_valid_part(header->options(front));
  std::memcpy(header_.data(), front.data(), first.header_length);
  header_length_ = first.header_length;
  tuple_ = {{first.ip.destination, header->destination_port}, {first.ip.source, header->source_port}};
  lead_ = lead;
  first.packet.remove_front(first.header_length);
  segment_.seq = header->seq;
  segment_.ack = header->ack;
  segment_.flags = header->flags;
  segment_.window = header->window;
  segment_.urgent = header->urgent;
  segment_.payload = first.packet.slices();
  segment_.length = static_cast<std::uint32_t>(first.packet.size());
  const std::uint16_t gso_size = first.packet.offload.gso_size;
  const bool super = gso_size > 0 && segment_.length > gso_size;
  segment_.largest_payload = super ? gso_size : segment_.length;
  segment_.wire_segments = super ? (segment_.length + gso_size - 1) / gso_size : 1;
  first_ = &first.packet;
  packets_ = 1;
  is_open_ = lead.size_ > 0 && !super && segment_.length > 0 && segment_.flags == kTcpAck;
  return true;
}

void JoinedSegment::take_slices(Packet& packet) {
  for (Slice& slice : packet.slices()) slices_[slice_count_++] = std::move(slice);
}

void JoinedSegment::clear() {
  for (std::size_t i = 0; i < slice_count_; ++i) slices_[i] = Slice{};
  slice_count_ = packets_ = 0;
  is_open_ = false;
}

}  // namespace leat
