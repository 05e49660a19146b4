// ICMP as scripts write it: icmp unreachable frag_needed mtu 1200 [1:1461(1460)]. The words are of two tables, one for
// each IP version.
#include <span>

#include "drill/parse_packet.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

struct CodeWord {
  std::string_view word;
  std::uint8_t number;
};
struct TypeWord {
  std::string_view word;
  std::uint8_t number;
  std::span<const CodeWord> codes;
};

constexpr CodeWord kUnreachable4[] = {{"net_unreachable", 0},
                                      {"host_unreachable", 1},
                                      {"protocol_unreachable", 2},
                                      {"port_unreachable", 3},
                                      {"frag_needed", 4},
                                      {"source_route_failed", 5},
                                      {"net_unknown", 6},
                                      {"host_unknown", 7},
                                      {"source_host_isolated", 8},
                                      {"net_prohibited", 9},
                                      {"host_prohibited", 10},
                                      {"net_unreachable_for_tos", 11},
                                      {"host_unreachable_for_tos", 12},
                                      {"packet_filtered", 13},
                                      {"precedence_violation", 14},
                                      {"precedence_cutoff", 15}};
constexpr CodeWord kRedirect4[] = {{"net", 0}, {"host", 1}, {"net_tos", 2}, {"host_tos", 3}};
constexpr CodeWord kExceeded4[] = {
    {"exceeded_ttl", 0}, {"ttl_exceeded", 0}, {"exceeded_frag", 1}, {"frag_exceeded", 1}};
constexpr CodeWord kParameter4[] = {{"pointer", 0}, {"option_missing", 1}, {"bad_length", 2}};
constexpr TypeWord kTypes4[] = {
    {"echo_reply", 0, {}},       {"unreachable", 3, kUnreachable4}, {"source_quench", 4, {}},
    {"redirect", 5, kRedirect4}, {"echo_request", 8, {}},           {"router_advert", 9, {}},
    {"router_solicit", 10, {}},  {"time_exceeded", 11, kExceeded4}, {"parameter_problem", 12, kParameter4},
    {"timestamp", 13, {}},       {"timestamp_reply", 14, {}},       {"info_request", 15, {}},
    {"info_reply", 16, {}},      {"address_mask_request", 17, {}},  {"address_mask_reply", 18, {}}};

constexpr CodeWord kUnreachable6[] = {{"no_route", 0},         {"admin_prohibited", 1}, {"not_neighbour", 2},
                                      {"not_neighbor", 2},     {"beyond_scope", 2},     {"address_unreachable", 3},
                                      {"port_unreachable", 4}, {"policy_fail", 5},      {"reject_route", 6}};
constexpr CodeWord kExceeded6[] = {{"exceeded_hop_limit", 0}, {"hop_limit", 0}, {"exceeded_frag", 1}};
constexpr CodeWord kParameter6[] = {{"header_field", 0}, {"hdr_field", 0},      {"unknown_next_header", 1},
                                    {"unk_nexthdr", 1},  {"unknown_option", 2}, {"unk_option", 2}};
constexpr TypeWord kTypes6[] = {{"unreachable", 1, kUnreachable6}, {"packet_too_big", 2, {}},
                                {"time_exceeded", 3, kExceeded6},  {"parameter_problem", 4, kParameter6},
                                {"echo_request", 128, {}},         {"echo_reply", 129, {}}};

std::optional<std::uint8_t> generic(std::string_view word, std::string_view prefix) {
  if (!word.starts_with(prefix) || word.size() == prefix.size() || word.size() > prefix.size() + 3) return std::nullopt;
  unsigned value = 0;
  for (const char c : word.substr(prefix.size())) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::string all_words(const auto& table) {
  std::string text;
  for (const auto& entry : table) text += concat(text.empty() ? "" : ", ", entry.word);
  return text;
}

bool is_keyword(std::string_view word) { return word == "mtu" || word == "id" || word.empty(); }

std::uint8_t parse_code(Cursor& in, std::span<const CodeWord> codes) {
  const int line = in.line();
  const std::string word = in.word("an ICMP code");
  if (const auto number = generic(word, "code_")) return *number;
  for (const CodeWord& code : codes) {
    if (code.word == word) return code.number;
  }
  in.fail_at(line, concat("there is no ICMP code \"", word, "\" here; want ", codes.empty() ? "" : all_words(codes),
                          codes.empty() ? "" : " or ", "code_N"));
}

void parse_quote(Cursor& in, IcmpForm& icmp) {
  if (!in.accept("[")) return;
  if (in.accept_word("udp") || in.peek_word() == "raw") {
    icmp.quote = in.accept_word("raw") ? IcmpForm::Quote::raw : IcmpForm::Quote::udp;
    in.expect("(");
    icmp.length = static_cast<std::uint32_t>(in.integer("a length", 0, 65535));
    in.expect(")");
  } else {
    icmp.quote = IcmpForm::Quote::tcp;
    const SeqRange range = parse_seq_range(in);
    icmp.seq = range.begin, icmp.length = range.length;
  }
  in.expect("]");
}

}  // namespace

IcmpForm parse_icmp(Cursor& in, bool v6) {
  IcmpForm icmp;
  const int line = in.line();
  const std::string word = in.word("an ICMP type");
  std::span<const CodeWord> codes;
  bool known = false;
  const std::span<const TypeWord> types = v6 ? std::span<const TypeWord>(kTypes6) : kTypes4;
  for (const TypeWord& type : types) {
    if (type.word != word) continue;
    icmp.type = type.number, codes = type.codes, known = true;
  }
  if (const auto number = generic(word, "type_")) icmp.type = *number, known = true;
  if (!known) {
    in.fail_at(line, concat("there is no ICMP", v6 ? "v6" : "", " type \"", word, "\"; want ", all_words(types),
                            " or type_N"));
  }
  if (!is_keyword(in.peek_word())) icmp.code = parse_code(in, codes);
  if (in.accept_word("mtu")) icmp.mtu = static_cast<std::uint32_t>(in.integer("an MTU", 0, 0xffffffff));
  if (in.accept_word("id")) icmp.id = static_cast<std::uint16_t>(in.integer("an identifier", 0, 65535));
  parse_quote(in, icmp);
  return icmp;
}

}  // namespace leat::drill
