#include "device/relay.h"

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

class Relay final : public Device {
 public:
  Relay(std::unique_ptr<Device> inner, std::function<void(std::vector<std::uint8_t>)> tell_others)
      : inner_(std::move(inner)), tell_others_(std::move(tell_others)) {}

  const DeviceCaps& caps() const override { return inner_->caps(); }
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
  void transmit(PacketBatch& batch) override { inner_->transmit(batch); }
  int descriptor() const override { return inner_->descriptor(); }
  int write_descriptor() const override { return inner_->write_descriptor(); }
  DeviceCounters counters() const override { return inner_->counters(); }
  std::string description() const override { return inner_->description(); }
  std::vector<ImpairmentReport> impairments() const override { return inner_->impairments(); }
  expected<std::uint16_t, Error> claim_port(const IpAddress& address, std::uint16_t port) override {
    return inner_->claim_port(address, port);
  }
  void release_port(std::uint16_t port) override { inner_->release_port(port); }
  expected<KernelPath, Error> path_to(const IpAddress& remote) const override { return inner_->path_to(remote); }
  void judged(std::span<const PacketVerdict> verdicts) override { inner_->judged(verdicts); }
  void idle() override { inner_->idle(); }

 private:
  std::unique_ptr<Device> inner_;
  std::function<void(std::vector<std::uint8_t>)> tell_others_;
};

}  // namespace

std::unique_ptr<Device> relay(std::unique_ptr<Device> inner,
                              std::function<void(std::vector<std::uint8_t>)> tell_others) {
  return std::make_unique<Relay>(std::move(inner), std::move(tell_others));
}

}  // namespace leat
