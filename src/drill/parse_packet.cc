#include "drill/parse_packet.h"

#include <array>

#include "drill/text.h"

namespace leat::drill {
namespace {

constexpr std::int64_t kMostPayload = 65535;

struct FlagLetter {
  char letter;
  std::uint8_t bit;
};
constexpr std::array<FlagLetter, 8> kFlagLetters = {
    {{'F', kFin}, {'S', kSyn}, {'R', kRst}, {'P', kPsh}, {'.', kAck}, {'U', kUrg}, {'E', kEce}, {'W', kCwr}}};

bool parse_ip_word(Cursor& in, IpForm& ip) {
  if (in.accept_word("ect01")) ip.ecn = EcnForm::either_ect;
  else if (in.accept_word("ect0")) ip.ecn = EcnForm::ect0;
  else if (in.accept_word("ect1")) ip.ecn = EcnForm::ect1;
  else if (in.accept_word("noecn")) ip.ecn = EcnForm::none;
  else if (in.accept_word("ce")) ip.ecn = EcnForm::ce;
  else if (in.accept_word("tos")) ip.tos = static_cast<std::uint8_t>(in.integer("a TOS byte", 0, 255));
  else if (in.accept_word("class")) ip.tos = static_cast<std::uint8_t>(in.integer("a traffic class", 0, 255));
  else if (in.accept_word("flowlabel"))
    ip.flow_label = static_cast<std::uint32_t>(in.integer("a flow label", 0, 0xfffff));
  else if (in.accept_word("ttl") || in.accept_word("hlim"))
    ip.ttl = static_cast<std::uint8_t>(in.integer("a TTL", 0, 255));
  else return false;
  return true;
}

void check_flags(Cursor& in, TcpForm& tcp, Direction direction) {
  if (tcp.flags.has(kAck) && !tcp.ack) tcp.ack = 0;  // as other runners take it
  if (direction == Direction::in && !tcp.window) in.fail("a segment to the stack needs \"win N\"");
}

TcpForm parse_tcp(Cursor& in, Direction direction) {
  TcpForm tcp;
  tcp.flags = parse_tcp_flags(in);
  const SeqRange range = parse_seq_range(in);
  tcp.seq = range.begin, tcp.length = range.length;
  if (in.accept_word("ack")) tcp.ack = static_cast<std::uint32_t>(in.integer("an ACK number", 0, 0xffffffff));
  if (in.accept_word("win")) tcp.window = static_cast<std::uint16_t>(in.integer("a window", 0, 65535));
  if (in.accept_word("urg")) tcp.urgent = static_cast<std::uint16_t>(in.integer("an urgent pointer", 0, 65535));
  if (in.peek_is("<")) {
    parse_tcp_options(in, tcp);
    if (tcp.any_options && direction == Direction::in) in.fail("a segment to the stack needs its options said");
  }
  check_flags(in, tcp, direction);
  return tcp;
}

UdpForm parse_udp(Cursor& in, PacketForm& packet) {
  if (in.peek_number_then(">")) {
    if (packet.ports) in.fail("these ports are given twice");
    packet.ports = PortsForm{static_cast<std::uint16_t>(in.integer("a port", 0, 65535)), 0};
    in.expect(">");
    packet.ports->destination = static_cast<std::uint16_t>(in.integer("a port", 0, 65535));
  }
  in.expect("(");
  UdpForm udp{static_cast<std::uint32_t>(in.integer("a length", 0, kMostPayload))};
  in.expect(")");
  return udp;
}

}  // namespace

IpForm parse_ip_form(Cursor& in) {
  IpForm ip;
  const char open = in.peek();
  if (open != '[' && open != '(') return ip;
  const std::string_view close = open == '[' ? "]" : ")";
  in.accept(open == '[' ? "[" : "(");
  while (!in.accept(close)) {
    if (!parse_ip_word(in, ip)) in.fail_wanting("ect0, ect1, ce, noecn, ect01, tos, flowlabel or ttl");
    if (!in.peek_is(close)) in.expect(",");
  }
  return ip;
}

TcpFlagsForm parse_tcp_flags(Cursor& in) {
  const int line = in.line();
  const std::string text = in.run_of([](char c) { return !is_space(c) && c != '\0'; });
  TcpFlagsForm flags;
  if (text == "-") return flags;
  if (text.empty()) in.fail_wanting("TCP flags");
  bool named_upper = false;
  for (const char c : text) {
    if (c >= '0' && c <= '7' && !flags.ace) {
      flags.ace = static_cast<std::uint8_t>(c - '0');
      continue;
    }
    bool known = c == 'A';
    flags.ae |= c == 'A';
    for (const FlagLetter& flag : kFlagLetters) {
      if (flag.letter != c) continue;
      known = true;
      flags.bits = static_cast<std::uint8_t>(flags.bits | flag.bit);
    }
    named_upper |= c == 'A' || c == 'E' || c == 'W';
    if (!known) {
      in.fail_at(line, concat("\"", text.substr(0, 20),
                              "\" are no TCP flags: want some of F S R P . U E W A, a digit from 0 to 7, or -"));
    }
  }
  if (flags.ace) {
    if (named_upper) in.fail_at(line, "the flags E, W and A cannot stand with a number: it is made of them");
    flags.ae = (*flags.ace & 4) != 0;
    if (*flags.ace & 2) flags.bits |= kCwr;
    if (*flags.ace & 1) flags.bits |= kEce;
  }
  return flags;
}

SeqRange parse_seq_range(Cursor& in) {
  const int line = in.line();
  const auto begin = static_cast<std::uint32_t>(in.integer("a sequence number", 0, 0xffffffff));
  in.expect(":");
  const auto end = static_cast<std::uint32_t>(in.integer("a sequence number", 0, 0xffffffff));
  in.expect("(");
  const auto length = static_cast<std::uint32_t>(in.integer("a length", 0, kMostPayload));
  in.expect(")");
  if (begin + length != end) {
    in.fail_at(line, concat(begin, " and ", length, " bytes make ", begin + length, ", not ", end));
  }
  return {begin, length};
}

PacketForm parse_packet(Cursor& in, const Settings& settings) {
  PacketForm packet;
  if (in.accept("<")) packet.direction = Direction::in;
  else if (in.accept(">")) packet.direction = Direction::out;
  else in.fail_wanting("< or >");
  packet.ip = parse_ip_form(in);
  packet.encapsulation = parse_encapsulation(in);
  if (packet.direction == Direction::in && packet.ip.ecn == EcnForm::either_ect) {
    in.fail("ect01 is for packets from the stack: it means either");
  }
  if (in.peek_number_then(">")) {
    packet.ports = PortsForm{static_cast<std::uint16_t>(in.integer("a port", 0, 65535)), 0};
    in.expect(">");
    packet.ports->destination = static_cast<std::uint16_t>(in.integer("a port", 0, 65535));
  }
  for (const std::string_view protocol : {"sctp", "udplite"}) {
    if (in.peek_word() == protocol) in.unsupported_at(in.line(), concat("packets of ", protocol));
  }
  if (in.accept_word("icmp")) packet.body = parse_icmp(in, settings.wire_is_v6());
  else if (in.accept_word("udp")) packet.body = parse_udp(in, packet);
  else packet.body = parse_tcp(in, packet.direction);
  if (in.peek_is("/udp")) in.unsupported_at(in.line(), "TCP in UDP");
  return packet;
}

}  // namespace leat::drill
