#include "ip/arp_handler.h"

#include <algorithm>

#include "wire/ethernet.h"

namespace leat {
namespace {

/// True for an address that a single station on this link can have.
bool is_possible_neighbour(const IpAddress& address, const InterfaceAddresses& addresses) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() &&
         !addresses.is_broadcast(address) && addresses.is_on_link(address);
}

}  // namespace

ArpInput ArpHandler::receive(const ArpPacket& packet, const InterfaceAddresses& addresses, Instant now) {
  ArpInput result;
  if (packet.sender_mac == own_) {  // our own, back from a loop
    result.drop = DropReason::ARP_UNSOLICITED;
    return result;
  }
  if (addresses.is_local(packet.sender_ip)) {
    result.address_conflict = true;
    result.drop = DropReason::ARP_UNSOLICITED;
    return result;
  }
  const bool known_form = is_possible_neighbour(packet.sender_ip, addresses);
  const bool for_us = addresses.is_local(packet.target_ip);
  if (packet.operation == ArpOperation::request && for_us) {
    // RFC 5227 §2.1.1: a probe, from 0.0.0.0, is answered but teaches nothing.
    if (!known_form && !packet.sender_ip.is_unspecified()) {
      result.drop = DropReason::IP_INVALID_SOURCE;
      return result;
    }
    if (known_form) neighbours.on_heard(packet.sender_ip, packet.sender_mac, true, now);
    if (replies_.size() >= kMaxReplies) {
      result.drop = DropReason::QUEUE_FULL;
      return result;
    }
    const ArpPacket reply{ArpOperation::reply, own_, packet.target_ip, packet.sender_mac, packet.sender_ip};
    replies_.push_back({packet.sender_mac, reply});
    result.will_reply = true;
    return result;
  }
  const bool gratuitous = packet.sender_ip == packet.target_ip;
  bool of_use = false;
  if (known_form && gratuitous) {
    of_use = neighbours.on_heard(packet.sender_ip, packet.sender_mac, false, now);
  } else if (known_form && for_us) {
    of_use = neighbours.on_answer(packet.sender_ip, packet.sender_mac, now);
  }
  const bool others_request = packet.operation == ArpOperation::request && !gratuitous;
  if (!of_use) result.drop = others_request ? DropReason::OTHERHOST : DropReason::ARP_UNSOLICITED;
  return result;
}

void ArpHandler::announce(const IpAddress& address, Instant now) {
  constexpr Duration kInterval = std::chrono::seconds(2);  // ANNOUNCE_INTERVAL; ANNOUNCE_NUM is 2
  announcing_.push_back(address);
  announcements_.push_back({now + kInterval, address});
}

void ArpHandler::run(Instant now) {
  for (; !announcements_.empty() && announcements_.front().due <= now; announcements_.pop_front()) {
    announcing_.push_back(announcements_.front().address);
  }
  neighbours.run(now);
}

Instant ArpHandler::next_deadline() const {
  const Instant announcement = announcements_.empty() ? kNever : announcements_.front().due;
  return std::min(announcement, neighbours.next_deadline());
}

std::optional<ArpHandler::Output> ArpHandler::next_output() {
  if (!replies_.empty()) {
    const Output reply = replies_.front();
    replies_.pop_front();
    return reply;
  }
  if (!announcing_.empty()) {
    const IpAddress address = announcing_.front();
    announcing_.pop_front();
    return Output{MacAddress::broadcast(), {ArpOperation::request, own_, address, {}, address}};
  }
  const auto question = neighbours.next_solicitation();
  if (!question) return std::nullopt;
  ArpPacket request;
  request.sender_mac = own_;
  request.sender_ip = question->source;
  request.target_ip = question->target;
  return Output{question->unicast_to.value_or(MacAddress::broadcast()), request};
}

Packet ArpHandler::make_frame(const Output& output, BufferPool& pool) {
  constexpr std::size_t kRoomForDevice = 64;
  Slice s = pool.allocate(BufferClass::header, kRoomForDevice, EthernetHeader::kSize + ArpPacket::kSize);
  if (!s) return {};
  make_ethernet(output.destination, output.packet.sender_mac, EtherType::arp).write(s.mutable_bytes());
  output.packet.write(s.mutable_bytes().subspan(EthernetHeader::kSize));
  return Packet(std::move(s));
}

}  // namespace leat
