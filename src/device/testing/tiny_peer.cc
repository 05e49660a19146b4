#include "device/testing/tiny_peer.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "packet/transport_checksum.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat::testing {

TinyPeer::TinyPeer(std::unique_ptr<Device> device, MacAddress kernel_mac, IpAddress ours, IpAddress kernels)
    : device_(std::move(device)), kernel_mac_(kernel_mac), ours_(ours), kernels_(kernels) {}

std::optional<Packet> TinyPeer::await(const std::function<bool(const Packet&)>& wanted) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(5);
  while (Clock::now() < end) {
    while (!waiting_.empty()) {
      Packet packet = std::move(waiting_.front());
      waiting_.pop_front();
      if (wanted(packet)) return packet;
    }
    PacketBatch batch;
    if (!device_->receive(batch, pool_)) return std::nullopt;
    for (Packet& p : batch) waiting_.push_back(std::move(p));
    if (waiting_.empty()) {
      pollfd p{device_->descriptor(), POLLIN, 0};
      ::poll(&p, 1, 100);
    }
  }
  return std::nullopt;
}

std::optional<TinySegment> TinyPeer::parse(const Packet& packet) const {
  const Bytes front = packet.front();
  if (front.size() < ip_at() + Ipv4Header::kSize) return std::nullopt;
  if (device_->caps().has_link_layer && EthernetHeader::parse(front)->ether_type() != EtherType::ipv4) {
    return std::nullopt;
  }
  const auto ip = Ipv4Header::parse(front.subspan(ip_at()), packet.size() - ip_at());
  if (!ip || ip->protocol != IpProtocol::tcp) return std::nullopt;
  const auto tcp = TcpHeader::parse(front.subspan(ip_at() + ip->header_length));
  if (!tcp || tcp->destination_port != kPort) return std::nullopt;
  return TinySegment{tcp->flags.bits(), tcp->source_port, tcp->seq.raw(), tcp->ack.raw(),
                     ip->payload_length() - tcp->header_length};
}

std::optional<TinySegment> TinyPeer::await_segment(Packet* packet) {
  std::optional<TinySegment> found;
  auto p = await([&](const Packet& candidate) { return (found = parse(candidate)).has_value(); });
  if (!p) return std::nullopt;
  if (packet != nullptr) *packet = std::move(*p);
  return found;
}

bool TinyPeer::send(Packet packet) {
  PacketBatch batch;
  batch.push(std::move(packet));
  const auto before = device_->counters().tx_packets;
  device_->transmit(batch);
  return batch.empty() && device_->counters().tx_packets == before + 1;
}

void TinyPeer::write_headers(const TinySegment& segment, std::uint16_t tcp_header, Packet& packet) const {
  const MutableBytes out = packet.slices()[0].mutable_bytes();
  if (device_->caps().has_link_layer) {
    make_ethernet(kernel_mac_, *device_->caps().mac, EtherType::ipv4).write(out);
  }
  Ipv4Header ip;
  ip.total_length = static_cast<std::uint16_t>(packet.size() - ip_at());
  ip.dont_fragment = true;
  ip.source = ours_, ip.destination = kernels_;
  ip.write(out.subspan(ip_at()));
  ChecksumAccumulator pseudo;
  const auto length = static_cast<std::uint32_t>(packet.size() - ip_at() - Ipv4Header::kSize);
  pseudo.add_pseudo_header(ours_, kernels_, static_cast<std::uint8_t>(IpProtocol::tcp), length);
  TcpHeader tcp;
  tcp.source_port = kPort, tcp.destination_port = segment.source_port;
  tcp.seq = SeqNum(segment.seq), tcp.ack = SeqNum(segment.ack);
  tcp.flags = TcpFlags(segment.flags);
  tcp.header_length = static_cast<std::uint8_t>(tcp_header);
  tcp.window = 0xffff;
  tcp.checksum = pseudo.fold();
  tcp.write(out.subspan(ip_at() + Ipv4Header::kSize));
}

bool TinyPeer::send_segment(const TinySegment& segment, Bytes options, Bytes payload, std::uint16_t gso_size) {
  const std::size_t tcp_at = ip_at() + Ipv4Header::kSize;
  const std::size_t headers = tcp_at + TcpHeader::kSize + options.size();
  Slice head = pool_.allocate(BufferClass::header, 0, headers);
  std::copy(options.begin(), options.end(), head.mutable_bytes().begin() + static_cast<std::ptrdiff_t>(tcp_at + 20));
  Packet packet(std::move(head));
  while (!payload.empty()) {
    const std::size_t here = std::min<std::size_t>(payload.size(), size_of(BufferClass::medium));
    packet.append(pool_.copy_of(payload.first(here)));
    payload = payload.subspan(here);
  }
  write_headers(segment, static_cast<std::uint16_t>(TcpHeader::kSize + options.size()), packet);
  packet.offload.checksum = ChecksumState::partial;
  packet.offload.checksum_start = static_cast<std::uint16_t>(tcp_at);
  packet.offload.checksum_offset = TcpHeader::kChecksumOffset;
  packet.offload.gso_size = gso_size;
  if (gso_size != 0) packet.offload.header_length = static_cast<std::uint16_t>(headers);
  if (!device_->caps().completes_checksums) finish_checksum(packet);
  return send(std::move(packet));
}

std::optional<TinySegment> TinyPeer::answer_handshake() {
  auto syn = await_segment();
  if (!syn || syn->flags != kTcpSyn.bits()) return std::nullopt;
  TinySegment next{(kTcpSyn | kTcpAck).bits(), syn->source_port, 1000, syn->seq + 1, 0};
  // MSS 1460, window scale 10.
  const std::array<std::uint8_t, 8> options{2, 4, 0x05, 0xb4, 1, 3, 3, 10};
  if (!send_segment(next, options, {})) return std::nullopt;
  const auto ack = await_segment();
  if (!ack || ack->flags != kTcpAck.bits()) return std::nullopt;
  next.flags = kTcpAck.bits();
  next.seq += 1;
  return next;
}

}  // namespace leat::testing
