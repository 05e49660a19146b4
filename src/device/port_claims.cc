#include "device/port_claims.h"

#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat {

expected<std::uint16_t, Error> PortClaims::claim(const IpAddress& address, std::uint16_t port) {
  if (port != 0 && holds(address, port)) return port;
  if (sockets_ >= kMaxGuards) return unexpected(Error::no_buffers);
  auto guard = GuardSocket::open(address, port);
  if (!guard) return unexpected(guard.error());
  port = guard->port();
  std::vector<GuardSocket>& here = guards_[port];
  if (here.empty()) ++in_block_[port >> kBlockBits];
  here.push_back(std::move(*guard));
  ++sockets_;
  return port;
}

bool PortClaims::release(std::uint16_t port) {
  const auto found = guards_.find(port);
  if (found == guards_.end()) return false;
  sockets_ -= found->second.size();
  guards_.erase(found);
  --in_block_[port >> kBlockBits];
  return true;
}

bool PortClaims::holds(const IpAddress& address, std::uint16_t port) const {
  const auto found = guards_.find(port);
  if (found == guards_.end()) return false;
  for (const GuardSocket& guard : found->second) {
    if (guard.covers(address)) return true;
  }
  return false;
}

bool PortClaims::concern(Bytes datagram) const {
  if (datagram.size() < Ipv4Header::kSize) return false;
  const std::size_t start = (datagram[0] & 0x0fu) * 4;
  const auto protocol = static_cast<IpProtocol>(datagram[9]);
  if (protocol == IpProtocol::tcp) {
    if (datagram.size() < start + 4) return false;
    return holds(IpAddress::v4(load_be32(datagram.data() + 16)), load_be16(datagram.data() + start + 2));
  }
  if (protocol != IpProtocol::icmp || datagram.size() < start) return false;
  const auto header = IcmpHeader::parse(datagram.subspan(start));
  if (header && header->type == IcmpType::echo_reply) return true;  // the Stack knows which requests it sent
  if (!header || !header->is_error()) return false;
  const auto quote = IcmpQuote::parse(datagram.subspan(start + IcmpHeader::kSize));
  return quote && quote->ip.protocol == IpProtocol::tcp && holds(quote->ip.source, quote->source_port);
}

std::vector<std::uint16_t> PortClaims::ports() const {
  std::vector<std::uint16_t> result;
  result.reserve(guards_.size());
  for (const auto& [port, guards] : guards_) result.push_back(port);
  return result;
}

}  // namespace leat
