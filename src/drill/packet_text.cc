#include "drill/packet_text.h"

#include <array>

#include "drill/flow.h"
#include "drill/tcp_option_bytes.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

std::string ip_text(const IpForm& ip) {
  constexpr std::array<std::string_view, 5> kMarks = {"noecn", "ect1", "ect0", "ce", "ect01"};
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "[" : ", ") + word; };
  if (ip.ecn) add(std::string(kMarks[static_cast<std::size_t>(*ip.ecn)]));
  if (ip.tos) add(concat("tos ", *ip.tos));
  if (ip.flow_label) add(concat("flowlabel ", *ip.flow_label));
  if (ip.ttl) add(concat("ttl ", *ip.ttl));
  return text.empty() ? text : text + "] ";
}

std::string tcp_text(const TcpForm& tcp) {
  std::string text = concat(to_string(tcp.flags), " ", tcp.seq, ":", tcp.seq + tcp.length, "(", tcp.length, ")");
  if (tcp.ack) text += concat(" ack ", *tcp.ack);
  if (tcp.window) text += concat(" win ", *tcp.window);
  if (tcp.urgent) text += concat(" urg ", *tcp.urgent);
  if (tcp.any_options) return text + " <...>";
  return tcp.options.empty() ? text : text + " " + to_string(tcp.options);
}

}  // namespace

std::string to_string(const PacketForm& form) {
  std::string text = (form.direction == Direction::in ? "< " : "> ") + ip_text(form.ip);
  if (form.ports) text += concat(form.ports->source, " > ", form.ports->destination, " ");
  if (const TcpForm* tcp = form.tcp()) return text + tcp_text(*tcp);
  if (const UdpForm* udp = form.udp()) return text + concat("udp (", udp->length, ")");
  return text + concat("icmp type_", form.icmp()->type, " code_", form.icmp()->code);
}

}  // namespace leat::drill
