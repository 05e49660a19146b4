#include "device/share_notices.h"

#include "link/forwarding_device.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"

namespace leat {
namespace {

bool is_icmp_error(Bytes datagram) {
  const auto ip = Ipv4Header::parse(datagram, datagram.size());
  if (!ip || ip->protocol != IpProtocol::icmp) return false;
  const auto icmp = IcmpHeader::parse(datagram.subspan(ip->header_length));
  return icmp && icmp->is_error();
}

bool concerns_others(Bytes frame, bool has_link_layer) {
  if (!has_link_layer) return is_icmp_error(frame);
  const auto header = EthernetHeader::parse(frame);
  if (!header) return false;
  const Bytes inside = frame.subspan(EthernetHeader::kSize);
  if (header->ether_type() == EtherType::ipv4) return is_icmp_error(inside);
  if (header->ether_type() != EtherType::arp) return false;
  const auto arp = ArpPacket::parse(inside);
  // An announcement may be a request as well (RFC 5227 §3).
  return arp && (arp->operation == ArpOperation::reply || arp->sender_ip == arp->target_ip);
}

class NoticeSharer final : public ForwardingDevice {
 public:
  NoticeSharer(std::unique_ptr<Device> inner, std::function<void(std::vector<std::uint8_t>)> tell_others)
      : ForwardingDevice(std::move(inner)), tell_others_(std::move(tell_others)) {}

  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override {
    const std::size_t before = batch.size();
    const auto received = inner_->receive(batch, pool);
    for (const Packet& packet : batch.packets().subspan(before)) {
      if (!concerns_others(packet.front(), inner_->caps().has_link_layer)) continue;
      std::vector<std::uint8_t> frame(packet.size());
      if (packet.copy_out(0, frame)) tell_others_(std::move(frame));
    }
    return received;
  }

 private:
  std::function<void(std::vector<std::uint8_t>)> tell_others_;
};

}  // namespace

std::unique_ptr<Device> share_notices(std::unique_ptr<Device> inner,
                                      std::function<void(std::vector<std::uint8_t>)> tell_others) {
  return std::make_unique<NoticeSharer>(std::move(inner), std::move(tell_others));
}

}  // namespace leat
