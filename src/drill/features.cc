#include "drill/features.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "drill/call_table.h"

namespace leat::drill {
namespace {

using Use = std::optional<FeatureUse>;
using UsedOption = TcpOptionForm::Kind;

/// The feature of an option that only a stack with this feature sends or understands.
Use feature_of_tcp_option(const TcpOptionForm& option, int line) {
  switch (option.kind) {
    case UsedOption::fast_open: return FeatureUse{Feature::fast_open, line, "the TCP option FO"};
    case UsedOption::fast_open_exp: return FeatureUse{Feature::fast_open, line, "the TCP option FOEXP"};
    case UsedOption::md5: return FeatureUse{Feature::tcp_md5, line, "the TCP option md5"};
    default: return std::nullopt;
  }
}

/// A stack without ECN ignores the bits that it receives, so only those count that it should send.
Use ecn_of(const PacketForm& packet, int line) {
  if (packet.direction == Direction::in) return std::nullopt;
  if (const TcpForm* tcp = packet.tcp()) {
    const bool counts = std::any_of(tcp->options.begin(), tcp->options.end(),
                                    [](const auto& option) { return option.kind == UsedOption::accecn; });
    if (counts || tcp->flags.ae) return FeatureUse{Feature::accurate_ecn, line, counts ? "the TCP option ECN" : "AE"};
    if (tcp->flags.has(kEce | kCwr)) return FeatureUse{Feature::ecn, line, "the flags E and W"};
  }
  const bool marked = packet.ip.ecn && *packet.ip.ecn != EcnForm::none;
  if (marked) return FeatureUse{Feature::ecn, line, "an ECN mark"};
  return std::nullopt;
}

Use feature_of_packet(const PacketForm& packet, int line) {
  if (packet.udp() != nullptr) return FeatureUse{Feature::udp, line, "a UDP packet"};
  if (!packet.encapsulation.empty() && packet.direction == Direction::out) {
    return FeatureUse{Feature::encapsulation, line, "headers around a packet from the stack"};
  }
  if (const TcpForm* tcp = packet.tcp()) {
    for (const TcpOptionForm& option : tcp->options) {
      if (auto use = feature_of_tcp_option(option, line)) return use;
    }
  }
  return ecn_of(packet, line);
}

Use feature_of_call(const CallEvent& call, int line) {
  const CallRow* row = find_call(call.name);
  const bool sends = call.name.starts_with("send") && row != nullptr && row->call != CallName::sendfile;
  const bool receives = call.name.starts_with("recv");
  if (!sends && !receives) return std::nullopt;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (row->arguments[i] != Argument::number) continue;
    const std::int64_t flags = call.arguments[i].number;
    if (sends && (flags & MSG_FASTOPEN) != 0) return FeatureUse{Feature::fast_open, line, "MSG_FASTOPEN"};
    if (sends && (flags & MSG_ZEROCOPY) != 0) return FeatureUse{Feature::zero_copy, line, "MSG_ZEROCOPY"};
    const bool finds_something = call.result.number >= 0;
    if (receives && (flags & MSG_ERRQUEUE) != 0 && finds_something) {
      return FeatureUse{Feature::error_queue, line, "MSG_ERRQUEUE"};
    }
  }
  return std::nullopt;
}

struct OptionFeature {
  std::string_view prefix;
  std::string_view feature;
};
constexpr std::array<OptionFeature, 17> kOptionFeatures = {{{"TCP_FASTOPEN", "TCP Fast Open"},
                                                            {"TCP_MD5SIG", "TCP-MD5"},
                                                            {"TCP_AO_", "TCP-AO"},
                                                            {"TCP_ULP", "upper layer protocols"},
                                                            {"TCP_REPAIR", "TCP repair"},
                                                            {"TCP_QUEUE_SEQ", "TCP repair"},
                                                            {"TCP_ZEROCOPY", "zero copy"},
                                                            {"SO_ZEROCOPY", "zero copy"},
                                                            {"TCP_TX_DELAY", "delayed sending"},
                                                            {"SO_TXTIME", "delayed sending"},
                                                            {"SO_TIMESTAMP", "time stamps of packets"},
                                                            {"SO_MAX_PACING_RATE", "pacing"},
                                                            {"IP_RECVERR", "an error queue"},
                                                            {"SO_ATTACH", "socket filters"},
                                                            {"SO_DETACH", "socket filters"},
                                                            {"SO_BUSY_POLL", "busy polling"},
                                                            {"SCTP_", "SCTP"}}};

}  // namespace

std::string_view feature_name(Feature feature) {
  switch (feature) {
    case Feature::fast_open: return "TCP Fast Open";
    case Feature::ecn: return "ECN";
    case Feature::accurate_ecn: return "Accurate ECN";
    case Feature::tcp_md5: return "TCP-MD5";
    case Feature::udp: return "UDP";
    case Feature::ipv6: return "IPv6";
    case Feature::zero_copy: return "zero copy";
    case Feature::error_queue: return "an error queue";
    case Feature::encapsulation: return "encapsulation";
  }
  return "";
}

std::optional<FeatureUse> feature_of(const Event& event) {
  if (const auto* packet = std::get_if<PacketForm>(&event.what)) return feature_of_packet(*packet, event.line);
  if (const auto* call = std::get_if<CallEvent>(&event.what)) return feature_of_call(*call, event.line);
  return std::nullopt;
}

std::string_view feature_of_option(std::string_view option) {
  const auto found = std::find_if(kOptionFeatures.begin(), kOptionFeatures.end(),
                                  [&](const OptionFeature& known) { return option.starts_with(known.prefix); });
  return found == kOptionFeatures.end() ? std::string_view{} : found->feature;
}

}  // namespace leat::drill
