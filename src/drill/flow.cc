#include "drill/flow.h"

#include <array>
#include <utility>

#include "drill/tcp_option_bytes.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

std::string describe_icmp(const IpPacket& packet) {
  return concat("icmp type_", packet.icmp_type, " code_", packet.icmp_code, " (", packet.payload, " bytes)");
}

}  // namespace

std::string to_string(const TcpFlagsForm& flags) {
  constexpr std::array<std::pair<std::uint8_t, char>, 8> kLetters = {
      {{0x02, 'S'}, {0x01, 'F'}, {0x04, 'R'}, {0x08, 'P'}, {0x20, 'U'}, {0x40, 'E'}, {0x80, 'W'}, {0x10, '.'}}};
  std::string text;
  for (const auto& [bit, letter] : kLetters) {
    if (flags.has(bit)) text += letter;
    if (bit == 0x80 && flags.ae) text += 'A';
  }
  return text.empty() ? "-" : text;
}

bool Flow::takes(const IpPacket& packet) {
  if (packet.protocol != protocol || role == Role::listening || role == Role::idle) return false;
  if (packet.source.address != local.address || packet.destination != remote) return false;
  if (local.port == 0 && (packet.is_syn() || protocol == kProtocolUdp)) local.port = packet.source.port;
  return packet.source.port == local.port;
}

void Flow::learn(const IpPacket& packet) {
  has_sent = true;
  if (packet.is_syn() && !ours.known) ours = {packet.seq, 0, true};
  if (!packet.flags.has(0x10)) return;
  last_ack = packet.ack;
  is_open |= !packet.flags.has(0x02) && !packet.flags.has(0x04);
}

std::string Flow::describe(const IpPacket& packet) const {
  if (packet.protocol == kProtocolUdp) return concat("udp (", packet.payload, ")");
  if (packet.protocol != kProtocolTcp) return describe_icmp(packet);
  const bool syn = packet.is_syn();
  const std::uint32_t seq = packet.seq - ours.offset(syn);
  std::string text = concat(to_string(packet.flags), " ", seq, ":", seq + static_cast<std::uint32_t>(packet.payload),
                            "(", packet.payload, ")");
  if (packet.flags.has(0x10)) text += concat(" ack ", packet.ack - peers.offset(syn));
  text += concat(" win ", packet.window);
  if (packet.flags.has(0x20)) text += concat(" urg ", packet.urgent);
  if (!packet.options) return text + " <malformed or unknown options>";
  auto options = *packet.options;
  for (TcpOptionForm& option : options) {
    for (auto& range : option.ranges) range.begin -= peers.offset(syn), range.end -= peers.offset(syn);
  }
  if (!options.empty()) text += " " + to_string(options);
  return text;
}

}  // namespace leat::drill
