#include "device/virtio_header.h"

#include <cstring>

namespace leat {
namespace {

// The layout and numbers of the virtio standard §5.1.6, in the machine's byte order as the kernel's legacy form has
// it. Own definitions, because <linux/virtio_net.h> does not compile as C++ everywhere.
struct Layout {
  std::uint8_t flags;
  std::uint8_t gso_type;
  std::uint16_t hdr_len;
  std::uint16_t gso_size;
  std::uint16_t csum_start;
  std::uint16_t csum_offset;
};
static_assert(sizeof(Layout) == kVirtioHeaderSize);
constexpr std::uint8_t kNeedsChecksum = 1, kDataValid = 2;
constexpr std::uint8_t kGsoNone = 0, kGsoTcp4 = 1, kGsoTcp6 = 4, kGsoEcn = 0x80;

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kTcpMinimum = 20;
constexpr std::size_t kTcpChecksum = 16;

std::optional<std::uint8_t> byte_at(const Packet& packet, std::size_t at) {
  std::uint8_t b = 0;
  if (!packet.copy_out(at, {&b, 1})) return std::nullopt;
  return b;
}

/// Link, IP and TCP headers together, from where the TCP header begins.
std::optional<std::uint16_t> headers_before_payload(const Packet& packet, std::size_t tcp_start) {
  const auto offset_byte = byte_at(packet, tcp_start + 12);
  if (!offset_byte) return std::nullopt;
  const std::size_t tcp_header = std::size_t{*offset_byte} / 16 * 4;
  const std::size_t all = tcp_start + tcp_header;
  if (tcp_header < kTcpMinimum || all > packet.size() || all > 0xffff) return std::nullopt;
  return static_cast<std::uint16_t>(all);
}

std::uint8_t gso_type_of(const Packet& packet, bool has_link_layer) {
  const auto version = byte_at(packet, has_link_layer ? kEthernetHeader : 0);
  const int number = version ? *version >> 4 : 0;
  if (number != 4 && number != 6) return kGsoNone;
  std::uint8_t type = number == 4 ? kGsoTcp4 : kGsoTcp6;
  // CWR belongs on the first segment of the split only (RFC 3168 §6.1.2); this bit tells the splitter.
  const auto flags = byte_at(packet, packet.offload.checksum_start + std::size_t{13});
  if (flags && (*flags & 0x80) != 0) type |= kGsoEcn;
  return type;
}

}  // namespace

std::optional<Offload> read_virtio_header(const VirtioHeader& header, const Packet& packet) {
  Layout h;
  std::memcpy(&h, header.data(), sizeof h);
  Offload offload;
  if ((h.flags & kNeedsChecksum) != 0) {
    if (std::size_t{h.csum_start} + h.csum_offset + 2 > packet.size()) return std::nullopt;
    offload.checksum = ChecksumState::partial;
    offload.checksum_start = h.csum_start;
    offload.checksum_offset = h.csum_offset;
  } else if ((h.flags & kDataValid) != 0) {
    offload.checksum = ChecksumState::verified;
  }
  if (h.gso_type == kGsoNone) return offload;

  const int type = h.gso_type & ~kGsoEcn;
  if (type != kGsoTcp4 && type != kGsoTcp6) return std::nullopt;
  if (h.gso_size == 0) return std::nullopt;
  offload.gso_size = h.gso_size;
  if (offload.checksum == ChecksumState::partial) {
    if (offload.checksum_offset != kTcpChecksum) return std::nullopt;
    const auto length = headers_before_payload(packet, offload.checksum_start);
    if (!length) return std::nullopt;
    offload.header_length = *length;
    if (packet.size() <= std::size_t{*length} + h.gso_size) offload.gso_size = offload.header_length = 0;
  }
  return offload;
}

VirtioHeader virtio_header_of(Bytes lead) {
  VirtioHeader header;
  std::memcpy(header.data(), lead.data(), header.size());
  return header;
}

VirtioHeader write_virtio_header(const Packet& packet, bool has_link_layer) {
  Layout h{};
  const Offload& offload = packet.offload;
  if (offload.checksum == ChecksumState::partial) {
    h.flags = kNeedsChecksum;
    h.csum_start = offload.checksum_start;
    h.csum_offset = offload.checksum_offset;
  }
  if (offload.gso_size > 0 && packet.size() > std::size_t{offload.header_length} + offload.gso_size) {
    h.gso_type = gso_type_of(packet, has_link_layer);
    h.gso_size = offload.gso_size;
    h.hdr_len = offload.header_length;
  }
  VirtioHeader out;
  std::memcpy(out.data(), &h, sizeof h);
  return out;
}

}  // namespace leat
