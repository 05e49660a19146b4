#include "drill/packet_matcher.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "drill/tcp_option_bytes.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

using OptionKind = TcpOptionForm::Kind;

std::string ecn_text(unsigned bits) {
  constexpr std::array<std::string_view, 4> kNames = {"noecn", "ect1", "ect0", "ce"};
  return std::string(kNames[bits & 3]);
}

Difference ecn_mismatch(EcnForm form, std::uint8_t tos) {
  const unsigned bits = tos & 3u;
  bool good = false;
  switch (form) {
    case EcnForm::none: good = bits == 0; break;
    case EcnForm::ect1: good = bits == 1; break;
    case EcnForm::ect0: good = bits == 2; break;
    case EcnForm::ce: good = bits == 3; break;
    case EcnForm::either_ect: good = bits == 1 || bits == 2; break;
  }
  if (good) return std::nullopt;
  constexpr std::array<std::string_view, 5> kForms = {"noecn", "ect1", "ect0", "ce", "ect01"};
  return expected_and_got("ECN mark", kForms[static_cast<std::size_t>(form)], ecn_text(bits));
}

Difference flow_label_mismatch(std::uint32_t label, std::uint32_t live, Flow& flow) {
  const auto known = flow.flow_labels.find(label);
  if (known != flow.flow_labels.end())
    return differ("the flow label that the script calls the same", known->second, live);
  for (const auto& [other, other_live] : flow.flow_labels) {
    if (other_live == live) return expected_and_got("flow label", "another one than before", live);
  }
  flow.flow_labels[label] = live;
  return std::nullopt;
}

Difference ip_mismatch(const IpForm& form, const IpPacket& packet, Flow& flow) {
  if (form.ecn) {
    if (auto d = ecn_mismatch(*form.ecn, packet.tos)) return d;
  }
  if (form.tos) {
    // Beside an ECN word, the TOS byte stands for the other six bits.
    const unsigned mask = form.ecn ? 0xfcu : 0xffu;
    if (auto d = differ("TOS", *form.tos & mask, packet.tos & mask)) return d;
  }
  if (form.ttl) {
    if (auto d = differ("TTL", unsigned{*form.ttl}, unsigned{packet.ttl})) return d;
  }
  if (form.flow_label && packet.version == 6) return flow_label_mismatch(*form.flow_label, packet.flow_label, flow);
  return std::nullopt;
}

Difference timestamp_mismatch(const TcpOptionForm& form, const TcpOptionForm& got, Flow& flow,
                              const MatchRules& rules) {
  const Duration tick = rules.settings->tcp_ts_tick;
  if (tick > Duration::zero() && !flow.timestamps.empty()) {
    const auto& [script, live] = *flow.timestamps.begin();
    const auto expected_ticks = static_cast<std::int32_t>(form.first - script);
    const auto live_ticks = static_cast<std::int32_t>(got.first - live);
    const Duration off = tick * std::abs(std::int64_t{live_ticks} - expected_ticks);
    const Duration elapsed = tick * std::abs(std::int64_t{expected_ticks});
    if (off > std::max(rules.settings->tolerance, elapsed / 8)) {
      return expected_and_got("TS val, in ticks since the first one", expected_ticks, live_ticks);
    }
  }
  flow.timestamps[form.first] = got.first;
  if (rules.settings->tcp_ts_ecr_exact && got.second != form.second) {
    return expected_and_got("TS ecr", form.second, got.second);
  }
  // packetdrill does not compare TSecr, so scripts may say anything. But it must be a TSval that the peer has sent
  // (RFC 7323 §3.2), or 0 where there was none.
  const bool plausible = flow.peer_timestamps.empty() ? got.second == 0 : flow.peer_timestamps.count(got.second) != 0;
  if (!rules.lenient && !plausible && got.second != form.second) {
    return expected_and_got("TS ecr, which the peer has never sent", form.second, got.second);
  }
  return std::nullopt;
}

Difference options_mismatch(const TcpForm& form, const IpPacket& packet, Flow& flow, const MatchRules& rules) {
  if (form.any_options) return std::nullopt;
  if (!packet.options) return std::string("TCP options: malformed, or of a kind that scripts cannot name");
  const bool syn = form.flags.has(kSyn);
  auto got = *packet.options;
  for (auto& option : got) {
    for (auto& range : option.ranges) range.begin -= flow.peers.offset(syn), range.end -= flow.peers.offset(syn);
  }
  const auto text = [](const std::vector<TcpOptionForm>& options) {
    return options.empty() ? std::string("none") : to_string(options);
  };
  const std::string difference = expected_and_got("TCP options", text(form.options), text(got));
  if (got.size() != form.options.size()) return difference;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const TcpOptionForm& wanted = form.options[i];
    if (wanted.kind == OptionKind::timestamps && got[i].kind == OptionKind::timestamps) {
      if (auto d = timestamp_mismatch(wanted, got[i], flow, rules)) return d;
    } else if (wanted != got[i]) {
      return difference;
    }
  }
  return std::nullopt;
}

Difference tcp_mismatch(const TcpForm& form, const IpPacket& packet, Flow& flow, const MatchRules& rules) {
  const bool syn = form.flags.has(kSyn);
  if (form.flags.bits != packet.flags.bits || form.flags.ae != packet.flags.ae) {
    return expected_and_got("TCP flags", to_string(form.flags), to_string(packet.flags));
  }
  if (syn) {
    flow.ours = {packet.seq, form.seq, true};
    if (flow.last_syn.known) flow.peers = flow.last_syn;
  }
  if (auto d = differ("sequence number", form.seq, packet.seq - flow.ours.offset(syn))) return d;
  if (auto d = differ("bytes of payload", std::size_t{form.length}, packet.payload)) return d;
  if (form.ack && form.flags.has(kAck)) {
    if (auto d = differ("ACK number", *form.ack, packet.ack - flow.peers.offset(syn))) return d;
  }
  if (form.window) {
    if (auto d = differ("window", *form.window, packet.window)) return d;
  }
  if (form.urgent) {
    if (auto d = differ("urgent pointer", *form.urgent, packet.urgent)) return d;
  }
  if (!rules.lenient && packet.reserved != 0) return std::string("reserved bits of the TCP header are not zero");
  return options_mismatch(form, packet, flow, rules);
}

Difference icmp_mismatch(const IcmpForm& form, const IpPacket& packet, const Flow& flow) {
  if (auto d = differ("ICMP type", unsigned{form.type}, unsigned{packet.icmp_type})) return d;
  if (auto d = differ("ICMP code", unsigned{form.code}, unsigned{packet.icmp_code})) return d;
  if (form.mtu) {
    if (auto d = differ("MTU", *form.mtu, packet.icmp_rest)) return d;
  }
  if (form.id) {
    if (auto d = differ("ICMP identifier", std::uint32_t{*form.id}, packet.icmp_rest >> 16)) return d;
  }
  if (form.quote == IcmpForm::Quote::tcp) {
    return differ("sequence number that ICMP quotes", form.seq, packet.quoted_seq - flow.peers.offset(false));
  }
  if (form.quote == IcmpForm::Quote::raw) return differ("bytes of payload", std::size_t{form.length}, packet.payload);
  return std::nullopt;
}

}  // namespace

Difference mismatch(const PacketForm& form, const IpPacket& packet, Flow& flow, const MatchRules& rules) {
  if (const bool ipv4_header = packet.checksum_trouble.find("IPv4") != std::string::npos;
      !packet.checksum_trouble.empty() && (ipv4_header || !rules.lenient)) {
    return packet.checksum_trouble;
  }
  if (auto d = ip_mismatch(form.ip, packet, flow)) return d;
  Difference found;
  if (form.tcp() != nullptr) found = tcp_mismatch(*form.tcp(), packet, flow, rules);
  if (form.udp() != nullptr) found = differ("bytes of payload", std::size_t{form.udp()->length}, packet.payload);
  if (form.icmp() != nullptr) found = icmp_mismatch(*form.icmp(), packet, flow);
  if (!found && form.icmp() == nullptr && !packet.payload_is_zero) return std::string("payload: not all of it is zero");
  return found;
}

bool glue(IpPacket& first, const IpPacket& next, std::size_t piece, std::size_t wanted) {
  constexpr std::uint8_t kMayDiffer = kFin | kPsh | kCwr;
  // The pieces of one burst have the same size, except for the last, which may be smaller.
  const bool follows =
      next.protocol == kProtocolTcp && next.payload > 0 && first.payload % piece == 0 && next.payload <= piece &&
      first.payload + next.payload <= wanted && next.seq == first.seq + static_cast<std::uint32_t>(first.payload) &&
      next.ack == first.ack && next.window == first.window && next.tos == first.tos &&
      (next.flags.bits & ~kMayDiffer) == (first.flags.bits & ~kMayDiffer) && !first.flags.has(kFin | kSyn);
  if (!follows) return false;
  first.payload += next.payload;
  first.payload_is_zero = first.payload_is_zero && next.payload_is_zero;
  if (!next.checksum_trouble.empty()) first.checksum_trouble = next.checksum_trouble;
  first.flags.bits = static_cast<std::uint8_t>((first.flags.bits & ~(kFin | kPsh)) | (next.flags.bits & (kFin | kPsh)));
  return true;
}

}  // namespace leat::drill
