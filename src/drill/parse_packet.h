// The parsers of packets, by their parts. Each takes the cursor in front of its part and throws ScriptError.
// Called by parser.cc, and by each other.
#pragma once

#include <string_view>
#include <vector>

#include "drill/cursor.h"
#include "drill/packet_form.h"
#include "drill/settings.h"

namespace leat::drill {

/// From `<` or `>` on.
PacketForm parse_packet(Cursor& in, const Settings& settings);

IpForm parse_ip_form(Cursor& in);                                ///< [ … ] or ( … ) or nothing
std::vector<EncapsulationForm> parse_encapsulation(Cursor& in);  ///< `ipv4 A > B:` … or nothing
TcpFlagsForm parse_tcp_flags(Cursor& in);
/// From `<` on; sets any_options for <...>.
void parse_tcp_options(Cursor& in, TcpForm& tcp);
/// Reads on behind `icmp`. The words mean different numbers in ICMP and ICMPv6.
IcmpForm parse_icmp(Cursor& in, bool v6);
/// a:b(len); b must be a + len, modulo 2^32.
struct SeqRange {
  std::uint32_t begin = 0, length = 0;
};
SeqRange parse_seq_range(Cursor& in);

}  // namespace leat::drill
