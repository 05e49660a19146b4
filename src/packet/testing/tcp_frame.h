// Makes TCP/IPv4 frames and super-segments for tests, and reads them back.
#pragma once

#include <vector>

#include "packet/packet.h"
#include "packet/transport_checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat::testing {

struct TcpFrame {
  std::size_t link = EthernetHeader::kSize;
  std::uint32_t seq = 1000;
  std::size_t payload = 1000;
  std::uint16_t gso = 0;  ///< gso_size; 0: a plain segment
  TcpFlags flags = kTcpAck;
  std::uint16_t id = 7;
  std::uint8_t tos = 0;
  std::uint16_t source_port = 40000, destination_port = 80;
  bool partial = true;  ///< false: the checksum is filled in
};

/// The payload byte at `seq`, in each flow.
inline std::uint8_t payload_byte(std::uint32_t seq) { return static_cast<std::uint8_t>(seq * 7 + (seq >> 8) * 13); }

inline Packet make_packet(const TcpFrame& f, BufferPool& pool) {
  const std::size_t headers = f.link + Ipv4Header::kSize + TcpHeader::kSize, size = headers + f.payload;
  Slice slice = pool.allocate(class_for(size + 64), 64, size);
  std::uint8_t* p = slice.mutable_bytes().data();
  if (f.link > 0) {
    make_ethernet({{2, 0, 0, 0, 0, 2}}, {{2, 0, 0, 0, 0, 1}}, EtherType::ipv4).write(slice.mutable_bytes());
  }
  Ipv4Header ip;
  ip.source = IpAddress::v4(10, 0, 0, 1), ip.destination = IpAddress::v4(10, 0, 0, 2);
  ip.total_length = static_cast<std::uint16_t>(size - f.link), ip.id = f.id, ip.tos = f.tos;
  ip.dont_fragment = true;
  ip.write({p + f.link, Ipv4Header::kSize});
  TcpHeader tcp;
  tcp.source_port = f.source_port, tcp.destination_port = f.destination_port;
  tcp.seq = SeqNum(f.seq), tcp.ack = SeqNum(99), tcp.flags = f.flags, tcp.window = 500;
  ChecksumAccumulator pseudo;
  pseudo.add_pseudo_header(ip.source, ip.destination, 6, static_cast<std::uint32_t>(TcpHeader::kSize + f.payload));
  tcp.checksum = pseudo.fold();
  tcp.write({p + f.link + Ipv4Header::kSize, TcpHeader::kSize});
  for (std::size_t i = 0; i < f.payload; ++i) p[headers + i] = payload_byte(f.seq + static_cast<std::uint32_t>(i));
  Packet packet(std::move(slice));
  packet.offload = {ChecksumState::partial, static_cast<std::uint16_t>(f.link + Ipv4Header::kSize),
                    TcpHeader::kChecksumOffset, static_cast<std::uint16_t>(f.gso > 0 ? headers : 0), f.gso};
  if (!f.partial) (void)finish_checksum(packet);
  return packet;
}

inline std::vector<std::uint8_t> bytes_of_packet(const Packet& packet) {
  std::vector<std::uint8_t> bytes(packet.size());
  packet.copy_out(0, bytes);
  return bytes;
}

inline std::uint32_t seq_of(const Packet& packet, std::size_t link = EthernetHeader::kSize) {
  std::uint8_t raw[4] = {};
  packet.copy_out(link + Ipv4Header::kSize + 4, raw);
  return load_be32(raw);
}

/// True if the checksums of IP and TCP are right. A partial one is completed first.
inline bool has_right_checksums(Packet packet, BufferPool& pool, std::size_t link = EthernetHeader::kSize) {
  Packet copy(pool.copy_of(bytes_of_packet(packet)));
  copy.offload = packet.offload;
  if (!finish_checksum(copy)) return false;
  const auto ip = Ipv4Header::parse(copy.front().subspan(link));
  if (!ip) return false;
  copy.offload.checksum = ChecksumState::unchecked;
  return has_good_checksum(copy,
                           {ip->source, ip->destination, ip->protocol, link + ip->header_length, ip->payload_length()});
}

}  // namespace leat::testing
