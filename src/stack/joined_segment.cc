#include "stack/joined_segment.h"

#include <cstring>

#include "wire/tcp.h"
#include "wire/tcp_options.h"

namespace leat {
namespace {

constexpr std::size_t kSeq = 4, kAck = 8, kLengthAndFlags = 12;
constexpr TcpFlags kOfTheLast = kTcpPsh | kTcpFin;

/// Data offset, reserved bits, flags and window, but for the flags that only the last segment may have.
std::uint32_t control_word(const std::uint8_t* tcp) {
  return load_be32(tcp + kLengthAndFlags) & ~(std::uint32_t{kOfTheLast.bits()} << 16);
}

}  // namespace

bool JoinedSegment::is_of(const TcpPacket& other) const {
  return std::memcmp(other.packet.front().data(), header_.data(), kSeq) == 0 &&
         other.ip.source == tuple_.remote.address && other.ip.destination == tuple_.local.address;
}

bool JoinedSegment::append(const TcpPacket& next) {
  if (!is_open_ || next.packet.offload.gso_size != 0) return false;
  const std::uint8_t* tcp = next.packet.front().data();
  const std::size_t length = next.packet.size() - next.header_length;
  if (length == 0 || length > segment_.largest_payload || segment_.length + length > kMaxLength) return false;
  if (load_be32(tcp + kSeq) != segment_.seq.raw() + segment_.length) return false;
  if (load_be32(tcp + kAck) != segment_.ack.raw() || control_word(tcp) != control_word(header_.data())) return false;
  if (next.ip.tos != tos_ || next.interface != interface_ || !is_of(next)) return false;
  const std::size_t options = header_length_ - TcpHeader::kSize;
  if (std::memcmp(tcp + TcpHeader::kSize, header_.data() + TcpHeader::kSize, options) != 0) return false;
  const std::size_t have = packets_ == 1 ? first_->slices().size() : slice_count_;
  if (have + next.packet.slices().size() > slices_.size()) return false;

  const TcpFlags last = TcpFlags(tcp[kLengthAndFlags + 1]) & kOfTheLast;
  next.packet.remove_front(next.header_length);
  if (packets_ == 1) take_slices(*first_);
  take_slices(next.packet);
  segment_.payload = {slices_.data(), slice_count_};
  segment_.length += static_cast<std::uint32_t>(length);
  segment_.flags |= last;
  ++segment_.wire_segments;
  ++packets_;
  is_open_ = last == TcpFlags{} && length == segment_.largest_payload;
  return true;
}

bool JoinedSegment::begin(const TcpPacket& first) {
  const Bytes front = first.packet.front();
  const std::optional<TcpHeader> header = TcpHeader::parse(front);
  if (!header) return false;
  const std::optional<TcpOptionSet> options = TcpOptionSet::parse(header->options(front));
  if (!options) return false;
  std::memcpy(header_.data(), front.data(), first.header_length);
  header_length_ = first.header_length;
  tuple_ = {{first.ip.destination, header->destination_port}, {first.ip.source, header->source_port}};
  interface_ = first.interface;
  tos_ = first.ip.tos;
  first.packet.remove_front(first.header_length);
  segment_.seq = header->seq;
  segment_.ack = header->ack;
  segment_.flags = header->flags;
  segment_.window = header->window;
  segment_.urgent = header->urgent;
  segment_.options = *options;
  segment_.payload = first.packet.slices();
  segment_.length = static_cast<std::uint32_t>(first.packet.size());
  const std::uint16_t gso_size = first.packet.offload.gso_size;
  const bool super = gso_size > 0 && segment_.length > gso_size;
  segment_.largest_payload = super ? gso_size : segment_.length;
  segment_.wire_segments = super ? (segment_.length + gso_size - 1) / gso_size : 1;
  first_ = &first.packet;
  packets_ = 1;
  is_open_ = !super && segment_.length > 0 && segment_.flags == kTcpAck;
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
