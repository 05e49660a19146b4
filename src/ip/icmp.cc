#include "ip/icmp.h"

#include <algorithm>
#include <array>

#include "packet/transport_checksum.h"

namespace leat {
namespace {

constexpr std::size_t kHeadroom = 64;
/// RFC 1812 §4.3.2.3: an error quotes as much as fits into a datagram of 576 bytes.
constexpr std::size_t kLargestQuote = 576 - Ipv4Header::kSize - IcmpHeader::kSize;

/// The MTU to assume when a router reports none: the largest size in common use below the length of the datagram that
/// did not pass (RFC 1191 §5, §7.1).
std::uint16_t plateau_below(std::uint16_t length) {
  constexpr std::array<std::uint16_t, 11> kPlateaus{65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};
  const auto next = std::find_if(kPlateaus.begin(), kPlateaus.end(), [length](std::uint16_t p) { return p < length; });
  return next == kPlateaus.end() ? kPlateaus.back() : *next;
}

void write_checksum(Packet& message) {
  ChecksumAccumulator sum;
  add_to_checksum(sum, message, 0, message.size());
  store_be16(message.slices()[0].mutable_bytes().data() + IcmpHeader::kChecksumOffset, sum.finish());
}

}  // namespace

std::optional<IcmpOutput> make_echo_reply(Packet request, const Ipv4Arrival& arrival, BufferPool& pool) {
  if (arrival.audience != Ipv4Audience::us) return std::nullopt;
  const std::size_t ip_length = arrival.header.header_length;
  if (!request.linearize(ip_length + IcmpHeader::kSize, pool)) return std::nullopt;
  const auto header = IcmpHeader::parse(request.front().subspan(ip_length));
  if (!header || !header->is_echo_request()) return std::nullopt;
  request.remove_front(ip_length + IcmpHeader::kSize);
  if (!request.has_room() && !request.linearize(request.size(), pool)) return std::nullopt;

  Slice head = pool.allocate(BufferClass::header, kHeadroom, IcmpHeader::kSize);
  if (!head) return std::nullopt;
  IcmpHeader{IcmpType::echo_reply, header->code, 0, header->rest}.write(head.mutable_bytes());
  IcmpOutput out;
  out.message.append(std::move(head));
  for (Slice& s : request.slices()) out.message.append(std::move(s));
  write_checksum(out.message);
  out.sending.source = arrival.header.destination;
  out.sending.destination = arrival.header.source;
  out.sending.protocol = IpProtocol::icmp;
  out.sending.tos = arrival.header.tos;  // RFC 1122 §3.2.2.6 leaves it open; Linux mirrors it
  out.sending.dont_fragment = false;     // as Linux: no path MTU discovery for a single datagram
  return out;
}

std::optional<IcmpOutput> make_echo_request(const EchoRequest& request, BufferPool& pool) {
  const std::size_t size = IcmpHeader::kSize + request.payload.size();
  Slice s = pool.allocate(class_for(kHeadroom + size), kHeadroom, size);
  if (!s || s.size() != size) return std::nullopt;
  IcmpHeader{IcmpType::echo_request, 0, 0, IcmpHeader::echo_rest(request.id, request.sequence)}.write(
      s.mutable_bytes());
  std::copy(request.payload.begin(), request.payload.end(), s.mutable_bytes().begin() + IcmpHeader::kSize);
  IcmpOutput out;
  out.message.append(std::move(s));
  write_checksum(out.message);
  out.sending.source = request.source;
  out.sending.destination = request.destination;
  out.sending.protocol = IpProtocol::icmp;
  return out;
}

bool may_send_icmp_error(const Packet& packet, const Ipv4Arrival& arrival, bool link_group,
                         const InterfaceAddresses& addresses) {
  if (link_group || arrival.audience != Ipv4Audience::us || arrival.header.fragment_offset != 0) return false;
  const IpAddress& source = arrival.header.source;
  if (!is_possible_source(source, addresses) || source.bytes[0] >= 240) return false;
  if (arrival.header.protocol != IpProtocol::icmp) return true;
  std::array<std::uint8_t, IcmpHeader::kSize> bytes{};
  if (!packet.copy_out(arrival.header.header_length, bytes)) return false;
  const IcmpType type = IcmpHeader::parse(bytes)->type;
  return type == IcmpType::echo_request || type == IcmpType::echo_reply;  // anything else may be an error
}

std::optional<IcmpOutput> make_icmp_error(const Packet& packet, const Ipv4Arrival& arrival, IcmpType type,
                                          std::uint8_t code, BufferPool& pool) {
  const std::size_t quoted = std::min(packet.size(), kLargestQuote);
  const std::size_t size = IcmpHeader::kSize + quoted;
  Slice s = pool.allocate(class_for(kHeadroom + size), kHeadroom, size);
  if (!s || s.size() != size) return std::nullopt;
  IcmpHeader{type, code, 0, 0}.write(s.mutable_bytes());
  packet.copy_out(0, s.mutable_bytes().subspan(IcmpHeader::kSize));
  IcmpOutput out;
  out.message.append(std::move(s));
  write_checksum(out.message);
  out.sending.source = arrival.header.destination;
  out.sending.destination = arrival.header.source;
  out.sending.protocol = IpProtocol::icmp;
  out.sending.tos = 0xc0;  // internetwork control (RFC 1812 §4.3.2.5)
  out.sending.dont_fragment = false;
  return out;
}

std::optional<IcmpError> parse_icmp_error(Bytes message) {
  const auto header = IcmpHeader::parse(message);
  if (!header || !header->is_error()) return std::nullopt;
  const auto quote = IcmpQuote::parse(message.subspan(IcmpHeader::kSize));
  if (!quote) return std::nullopt;
  IcmpError e;
  e.type = header->type;
  e.code = header->code;
  e.protocol = quote->ip.protocol;
  e.local.address = quote->ip.source;
  e.remote.address = quote->ip.destination;
  if (e.protocol == IpProtocol::tcp || e.protocol == IpProtocol::udp) {
    e.local.port = quote->source_port;
    e.remote.port = quote->destination_port;
  }
  if (e.protocol == IpProtocol::tcp) e.seq = quote->seq;
  if (header->is_fragmentation_needed()) {
    const std::uint16_t mtu = header->next_hop_mtu();
    e.mtu = std::max<std::uint16_t>(68, mtu != 0 ? mtu : plateau_below(quote->ip.total_length));
  }
  return e;
}

}  // namespace leat
