#include "drill/packet_maker.h"

#include "drill/tcp_option_bytes.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

using Made = expected<std::vector<std::uint8_t>, std::string>;
using OptionKind = TcpOptionForm::Kind;

constexpr std::size_t kMostDatagram = 65535;
constexpr std::uint8_t kEct1 = 1, kEct0 = 2, kCe = 3;
constexpr std::uint8_t kProtocolIpIp = 4, kProtocolIpv6 = 41, kProtocolGre = 47, kProtocolMpls = 137;

std::uint8_t ecn_bits(EcnForm ecn) {
  switch (ecn) {
    case EcnForm::ect0: return kEct0;
    case EcnForm::ect1: return kEct1;
    case EcnForm::ce: return kCe;
    default: return 0;
  }
}

void apply(const IpForm& ip, PacketParts& parts) {
  parts.tos = static_cast<std::uint8_t>(ip.tos.value_or(0) | (ip.ecn ? ecn_bits(*ip.ecn) : 0));
  if (ip.ttl) parts.ttl = *ip.ttl;
  parts.flow_label = ip.flow_label.value_or(0);
}

/// The live TSval that the script's `ecr` means.
expected<std::uint32_t, std::string> echo_of(std::uint32_t ecr, const Flow& flow, const Settings& settings) {
  const auto found = flow.timestamps.find(ecr);
  if (found != flow.timestamps.end()) return found->second;
  if (ecr == 0) return 0u;
  if (settings.tcp_ts_ecr_scaled && !flow.timestamps.empty()) {
    const auto& [script, live] = *flow.timestamps.begin();
    return live + (ecr - script);
  }
  return unexpected(concat("ecr ", ecr, " names a time stamp that the stack has not sent"));
}

Made tcp_bytes(const TcpForm& tcp, Flow& flow, const Endpoint& from, const Endpoint& to, const Settings& settings) {
  const bool syn = tcp.flags.has(kSyn);
  // A SYN in an open connection changes no numbers, unless the stack answers with a SYN of its own (packet_matcher.cc).
  if (syn) flow.last_syn = {tcp.seq, tcp.seq, true};
  if (syn && (!flow.is_open || !flow.peers.known)) flow.peers = flow.last_syn;
  if (!syn && tcp.flags.has(kAck) && !tcp.flags.has(kRst)) flow.is_open = true;
  std::vector<std::uint8_t> options;
  for (TcpOptionForm option : tcp.options) {
    for (auto& range : option.ranges) range.begin += flow.ours.offset(syn), range.end += flow.ours.offset(syn);
    if (option.kind == OptionKind::timestamps) {
      flow.peer_timestamps.insert(option.first);
      const auto echo = echo_of(option.second, flow, settings);
      if (!echo) return unexpected(echo.error());
      option.second = *echo;
    }
    encode(option, options);
  }
  std::vector<std::uint8_t> bytes(20);
  std::uint8_t* p = bytes.data();
  store_be16(p, from.port), store_be16(p + 2, to.port);
  store_be32(p + 4, syn ? tcp.seq : tcp.seq + flow.peers.offset(false));
  store_be32(p + 8, tcp.ack ? *tcp.ack + flow.ours.offset(syn) : 0);
  p[12] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4 | (tcp.flags.ae ? 1 : 0));
  p[13] = tcp.flags.bits;
  store_be16(p + 14, tcp.window.value_or(0));
  store_be16(p + 18, tcp.urgent.value_or(0));
  bytes.insert(bytes.end(), options.begin(), options.end());
  bytes.resize(bytes.size() + tcp.length);
  return bytes;
}

std::vector<std::uint8_t> udp_bytes(std::uint32_t length, const Endpoint& from, const Endpoint& to) {
  std::vector<std::uint8_t> bytes(8 + length);
  store_be16(bytes.data(), from.port), store_be16(bytes.data() + 2, to.port);
  store_be16(bytes.data() + 4, static_cast<std::uint16_t>(bytes.size()));
  return bytes;
}

/// The part of a packet from the stack that an ICMP error quotes: its IP header and eight bytes.
std::vector<std::uint8_t> quote(const IcmpForm& icmp, const Flow& flow) {
  constexpr std::size_t kQuotedTransport = 8;
  PacketParts parts{.source = flow.local.address, .destination = flow.remote.address, .ttl = 64};
  const bool tcp = icmp.quote == IcmpForm::Quote::tcp;
  parts.protocol = tcp ? kProtocolTcp : kProtocolUdp;
  std::vector<std::uint8_t> transport((tcp ? 20 : 8) + icmp.length);
  store_be16(transport.data(), flow.local.port), store_be16(transport.data() + 2, flow.remote.port);
  if (tcp) {
    store_be32(transport.data() + 4, icmp.seq + flow.ours.offset(false));
  } else {
    store_be16(transport.data() + 4, static_cast<std::uint16_t>(transport.size()));
  }
  parts.transport = std::move(transport);
  std::vector<std::uint8_t> whole = make_ip_packet(std::move(parts));
  whole.resize((flow.local.address.is_v6() ? 40 : 20) + kQuotedTransport);
  return whole;
}

std::vector<std::uint8_t> icmp_bytes(const IcmpForm& icmp, const Flow& flow) {
  std::vector<std::uint8_t> bytes(8);
  bytes[0] = icmp.type, bytes[1] = icmp.code;
  if (icmp.mtu) store_be32(bytes.data() + 4, *icmp.mtu);
  if (icmp.id) store_be16(bytes.data() + 4, *icmp.id);
  if (icmp.quote == IcmpForm::Quote::raw) bytes.resize(bytes.size() + icmp.length);
  else if (icmp.quote != IcmpForm::Quote::none) {
    const auto quoted = quote(icmp, flow);
    bytes.insert(bytes.end(), quoted.begin(), quoted.end());
  }
  return bytes;
}

/// The EtherType by which a header names the one inside it.
std::uint16_t ether_type(std::uint8_t protocol) {
  if (protocol == kProtocolMpls) return 0x8847;
  return protocol == kProtocolIpv6 ? 0x86dd : 0x0800;
}

std::vector<std::uint8_t> gre_header(const EncapsulationForm& form, std::uint8_t inner) {
  std::vector<std::uint8_t> bytes(4);
  std::uint16_t flags = 0;
  const auto add = [&](std::uint16_t flag, std::uint32_t value) {
    flags |= flag;
    bytes.resize(bytes.size() + 4);
    store_be32(bytes.data() + bytes.size() - 4, value);
  };
  if (form.has_checksum) add(0x8000, static_cast<std::uint32_t>(form.checksum) << 16);
  if (form.key) add(0x2000, *form.key);
  if (form.sequence) add(0x1000, *form.sequence);
  store_be16(bytes.data(), flags);
  store_be16(bytes.data() + 2, form.protocol.value_or(ether_type(inner)));
  return bytes;
}

std::vector<std::uint8_t> mpls_header(const EncapsulationForm& form) {
  std::vector<std::uint8_t> bytes(4 * form.labels.size());
  for (std::size_t i = 0; i < form.labels.size(); ++i) {
    const auto& label = form.labels[i];
    store_be32(bytes.data() + 4 * i, label.label << 12 | static_cast<std::uint32_t>(label.traffic_class) << 9 |
                                         (label.is_bottom ? 0x100u : 0u) | label.ttl);
  }
  return bytes;
}

std::vector<std::uint8_t> wrapped(std::vector<std::uint8_t> inside, const PacketForm& form, bool v6) {
  std::uint8_t protocol = v6 ? kProtocolIpv6 : kProtocolIpIp;
  for (auto header = form.encapsulation.rbegin(); header != form.encapsulation.rend(); ++header) {
    using Kind = EncapsulationForm::Kind;
    if (header->kind == Kind::ipv4 || header->kind == Kind::ipv6) {
      PacketParts parts{.source = header->source, .destination = header->destination};
      apply(header->ip, parts);
      parts.protocol = protocol;
      parts.transport = std::move(inside);
      inside = make_ip_packet(std::move(parts));
      protocol = header->kind == Kind::ipv6 ? kProtocolIpv6 : kProtocolIpIp;
      continue;
    }
    auto bytes = header->kind == Kind::gre ? gre_header(*header, protocol) : mpls_header(*header);
    protocol = header->kind == Kind::gre ? kProtocolGre : kProtocolMpls;
    bytes.insert(bytes.end(), inside.begin(), inside.end());
    inside = std::move(bytes);
  }
  return inside;
}

}  // namespace

Made make_packet(const PacketForm& form, Flow& flow, const Settings& settings) {
  PacketParts parts{.source = flow.remote.address, .destination = flow.local.address};
  apply(form.ip, parts);
  const Endpoint from{parts.source, form.ports ? form.ports->source : flow.remote.port};
  const Endpoint to{parts.destination, form.ports ? form.ports->destination : flow.local.port};
  if (const TcpForm* tcp = form.tcp()) {
    parts.protocol = kProtocolTcp;
    auto bytes = tcp_bytes(*tcp, flow, from, to, settings);
    if (!bytes) return unexpected(bytes.error());
    parts.transport = std::move(*bytes);
  } else if (const UdpForm* udp = form.udp()) {
    parts.protocol = kProtocolUdp;
    parts.transport = udp_bytes(udp->length, from, to);
  } else {
    parts.protocol = parts.source.is_v6() ? kProtocolIcmpV6 : kProtocolIcmp;
    parts.transport = icmp_bytes(*form.icmp(), flow);
  }
  if (parts.transport.size() + 40 > kMostDatagram) return unexpected(std::string("this packet is too large for IP"));
  const bool v6 = parts.source.is_v6();
  return wrapped(make_ip_packet(std::move(parts)), form, v6);
}

std::vector<std::uint8_t> make_reset(const Flow& flow) {
  PacketParts parts{.source = flow.remote.address, .destination = flow.local.address};
  parts.protocol = kProtocolTcp;
  parts.transport.resize(20);
  std::uint8_t* p = parts.transport.data();
  store_be16(p, flow.remote.port), store_be16(p + 2, flow.local.port);
  store_be32(p + 4, flow.last_ack);
  p[12] = 5 << 4, p[13] = 0x04;
  return make_ip_packet(std::move(parts));
}

}  // namespace leat::drill
