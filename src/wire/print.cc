#include "wire/print.h"

#include <string_view>

#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/udp.h"

namespace leat {
namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string hex(unsigned value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "0x";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[value >> shift & 0xf];
  return out;
}

std::string endpoint(const IpAddress& address, std::uint16_t port) { return address.to_string() + '.' + number(port); }

std::string describe_arp(Bytes in) {
  const auto arp = ArpPacket::parse(in);
  if (!arp) return "ARP, malformed, length " + number(in.size());
  if (arp->operation == ArpOperation::request) {
    return "ARP, Request who-has " + arp->target_ip.to_string() + " tell " + arp->sender_ip.to_string();
  }
  return "ARP, Reply " + arp->sender_ip.to_string() + " is-at " + arp->sender_mac.to_string();
}

std::string unreachable_text(const IcmpHeader& icmp, const std::string& destination) {
  switch (static_cast<IcmpUnreachable>(icmp.code)) {
    case IcmpUnreachable::net: return "net " + destination + " unreachable";
    case IcmpUnreachable::host: return "host " + destination + " unreachable";
    case IcmpUnreachable::protocol: return destination + " protocol unreachable";
    case IcmpUnreachable::port: return destination + " port unreachable";
    case IcmpUnreachable::fragmentation_needed:
      return destination + " unreachable - need to frag (mtu " + number(icmp.next_hop_mtu()) + ')';
    default: return destination + " unreachable, code " + number(icmp.code);
  }
}

std::string describe_icmp(Bytes in, std::size_t length) {
  const auto icmp = IcmpHeader::parse(in);
  if (!icmp) return "ICMP, malformed, length " + number(length);
  const std::string tail = ", length " + number(length);
  const std::string echo = ", id " + number(icmp->echo_id()) + ", seq " + number(icmp->echo_sequence());
  if (icmp->type == IcmpType::echo_request) return "ICMP echo request" + echo + tail;
  if (icmp->type == IcmpType::echo_reply) return "ICMP echo reply" + echo + tail;
  const auto quote = IcmpQuote::parse(in.subspan(IcmpHeader::kSize));
  std::string about = "?";
  if (quote) about = endpoint(quote->ip.destination, quote->destination_port);
  if (icmp->type == IcmpType::destination_unreachable) return "ICMP " + unreachable_text(*icmp, about) + tail;
  if (icmp->type == IcmpType::time_exceeded) return "ICMP time exceeded for " + about + tail;
  return "ICMP type " + number(static_cast<unsigned>(icmp->type)) + ", code " + number(icmp->code) + tail;
}

std::string describe_transport(const Ipv4Header& ip, Bytes in) {
  const std::string from = ip.source.to_string(), to = ip.destination.to_string();
  const std::size_t length = ip.payload_length();
  if (ip.fragment_offset != 0) {
    return "IP " + from + " > " + to + ": fragment at " + number(ip.fragment_offset) + ", length " + number(length);
  }
  if (ip.protocol == IpProtocol::icmp) return "IP " + from + " > " + to + ": " + describe_icmp(in, length);
  if (ip.protocol == IpProtocol::udp) {
    const auto udp = UdpHeader::parse(in, length);
    if (!udp) return "IP " + from + " > " + to + ": UDP, malformed, length " + number(length);
    return "IP " + endpoint(ip.source, udp->source_port) + " > " + endpoint(ip.destination, udp->destination_port) +
           ": UDP, length " + number(udp->length - UdpHeader::kSize);
  }
  if (ip.protocol != IpProtocol::tcp) {
    return "IP " + from + " > " + to + ": protocol " + number(static_cast<unsigned>(ip.protocol)) + ", length " +
           number(length);
  }
  const auto tcp = TcpHeader::parse(in);
  if (!tcp || tcp->header_length > length) {
    return "IP " + from + " > " + to + ": TCP, malformed, length " + number(length);
  }
  const std::string head =
      "IP " + endpoint(ip.source, tcp->source_port) + " > " + endpoint(ip.destination, tcp->destination_port) + ": ";
  const auto options = TcpOptionSet::parse(tcp->options(in));
  const std::size_t payload = length - tcp->header_length;
  return head + describe_tcp(*tcp, options.value_or(TcpOptionSet{}), payload) + (options ? "" : " [bad options]");
}

}  // namespace

std::string TcpFlags::to_string() const {
  std::string out;
  if (fin()) out += 'F';
  if (syn()) out += 'S';
  if (rst()) out += 'R';
  if (psh()) out += 'P';
  if (urg()) out += 'U';
  if (ece()) out += 'E';
  if (cwr()) out += 'W';
  if (ack()) out += '.';
  return out.empty() ? "none" : out;
}

std::string to_string(const TcpOptionSet& options) {
  std::string out;
  const auto item = [&out](const std::string& text) { out += (out.empty() ? "" : ",") + text; };
  if (options.mss) item("mss " + number(*options.mss));
  if (options.sack_permitted) item("sackOK");
  if (options.timestamps) {
    item("TS val " + number(options.timestamps->value) + " ecr " + number(options.timestamps->echo_reply));
  }
  if (options.window_scale) item("wscale " + number(*options.window_scale));
  if (options.sack_count > 0) {
    std::string sack = "sack " + number(options.sack_count) + ' ';
    for (const SackBlock& b : options.sack_blocks()) {
      sack += '{' + number(b.begin.raw()) + ':' + number(b.end.raw()) + '}';
    }
    item(sack);
  }
  return out;
}

std::string describe_tcp(const TcpHeader& header, const TcpOptionSet& options, std::size_t payload) {
  std::string out = "Flags [" + header.flags.to_string() + ']';
  if (payload > 0) {
    out += ", seq " + number(header.seq.raw()) + ':' + number((header.seq + static_cast<std::uint32_t>(payload)).raw());
  } else if (header.flags.has_any(kTcpSyn | kTcpFin | kTcpRst)) {
    out += ", seq " + number(header.seq.raw());
  }
  if (header.flags.ack()) out += ", ack " + number(header.ack.raw());
  out += ", win " + number(header.window);
  if (header.flags.urg()) out += ", urg " + number(header.urgent);
  const std::string list = to_string(options);
  if (!list.empty()) out += ", options [" + list + ']';
  return out + ", length " + number(payload);
}

std::string describe_datagram(Bytes datagram) {
  if (datagram.size() >= Ipv4Header::kSize && datagram[0] >> 4 == 4) {
    const auto ip = Ipv4Header::parse_quoted(datagram);
    if (ip && ip->total_length >= ip->header_length) {
      const Bytes rest = datagram.subspan(ip->header_length);
      return describe_transport(*ip, rest.first(std::min(rest.size(), ip->payload_length())));
    }
  }
  if (!datagram.empty() && datagram[0] >> 4 == 6) return "IP6, length " + number(datagram.size());
  return "IP, malformed, length " + number(datagram.size());
}

std::string describe_frame(Bytes frame) {
  const auto ethernet = EthernetHeader::parse(frame);
  if (!ethernet) return "Ethernet, malformed, length " + number(frame.size());
  const Bytes rest = frame.subspan(EthernetHeader::kSize);
  if (ethernet->is_llc()) return "802.3, LLC, length " + number(ethernet->type);
  if (ethernet->ether_type() == EtherType::arp) return describe_arp(rest);
  if (ethernet->ether_type() == EtherType::ipv4 || ethernet->ether_type() == EtherType::ipv6) {
    return describe_datagram(rest);
  }
  return "ethertype " + hex(ethernet->type) + ", length " + number(rest.size());
}

}  // namespace leat
