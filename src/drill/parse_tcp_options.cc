// TCP options as scripts write them: <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 8>.
#include <algorithm>
#include <array>

#include "drill/parse_packet.h"
#include "drill/tcp_option_bytes.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

using OptionKind = TcpOptionForm::Kind;

constexpr std::size_t kMostOptionBytes = 40;
constexpr std::size_t kDigestSize = 16;

std::uint32_t number_of(Cursor& in, std::string_view what, std::int64_t most) {
  return static_cast<std::uint32_t>(in.integer(what, 0, most));
}

std::vector<std::uint8_t> parse_hex(Cursor& in, std::string_view what) {
  in.accept("0x");
  const std::string digits = in.run_of(is_hex);
  if (digits.size() % 2 != 0) in.fail(concat(what, " has an odd number of hexadecimal digits"));
  std::vector<std::uint8_t> bytes;
  const auto value = [](char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(value(digits[i]) * 16 + value(digits[i + 1])));
  }
  return bytes;
}

void parse_sack(Cursor& in, TcpOptionForm& option) {
  while (is_digit(in.peek())) {
    TcpOptionForm::Range range;
    range.begin = number_of(in, "a SACK edge", 0xffffffff);
    in.expect(":");
    range.end = number_of(in, "a SACK edge", 0xffffffff);
    option.ranges.push_back(range);
  }
  if (option.ranges.empty()) in.fail_wanting("a SACK block, as 1:1001,");
}

void parse_accecn(Cursor& in, TcpOptionForm& option) {
  constexpr std::array<std::string_view, 3> kNames = {"e0b", "ceb", "e1b"};
  for (;;) {
    const auto name = std::find(kNames.begin(), kNames.end(), in.peek_word());
    if (name == kNames.end()) break;
    in.accept_word(*name);
    option.counts.push_back(
        {static_cast<std::uint8_t>(name - kNames.begin()), number_of(in, "a byte count", 0xffffff)});
  }
  const auto is_order = [&](std::array<std::uint8_t, 3> order) {
    for (std::size_t i = 0; i < option.counts.size(); ++i) {
      if (i >= order.size() || option.counts[i].which != order[i]) return false;
    }
    return true;
  };
  if (!is_order({0, 1, 2}) && !is_order({2, 1, 0})) in.fail("the counts are e0b ceb e1b or e1b ceb e0b, in this order");
}

/// The feature of an option that only other players of the language know. Empty: none.
std::string_view feature_of_foreign(std::string_view name) {
  constexpr std::array<std::string_view, 8> kMultipath = {"mp_",         "mpcapable", "dss", "add_addr",
                                                          "remove_addr", "addr",      "dll", "dsn"};
  for (const std::string_view prefix : kMultipath) {
    if (name.starts_with(prefix)) return "MPTCP";
  }
  return name == "ao" || name == "AO" ? "TCP-AO" : "";
}

TcpOptionForm parse_option(Cursor& in) {
  const int line = in.line();
  const std::string name = in.word("a TCP option");
  TcpOptionForm option;
  if (name == "mss") {
    option.kind = OptionKind::mss, option.first = number_of(in, "an MSS", 65535);
  } else if (name == "wscale") {
    option.kind = OptionKind::wscale, option.first = number_of(in, "a window scale", 255);
  } else if (name == "sackOK") {
    option.kind = OptionKind::sack_ok;
  } else if (name == "sack") {
    option.kind = OptionKind::sack, parse_sack(in, option);
  } else if (name == "nop") {
    option.kind = OptionKind::nop;
  } else if (name == "eol") {
    option.kind = OptionKind::eol;
  } else if (name == "TS") {
    option.kind = OptionKind::timestamps;
    in.expect_word("val");
    option.first = number_of(in, "a time stamp", 0xffffffff);
    in.expect_word("ecr");
    option.second = number_of(in, "a time stamp", 0xffffffff);
  } else if (name == "md5") {
    option.kind = OptionKind::md5, option.bytes = parse_hex(in, "a digest");
    if (option.bytes.size() != kDigestSize) in.fail("an MD5 digest has 32 hexadecimal digits");
  } else if (name == "FO" || name == "FOEXP") {
    option.kind = name == "FO" ? OptionKind::fast_open : OptionKind::fast_open_exp;
    if (in.peek_word().starts_with("TFO_COOKIE")) {
      in.unsupported_at(line, "TCP Fast Open: a cookie that no -D TFO_COOKIE=… gives");
    }
    option.bytes = parse_hex(in, "a cookie");
  } else if (name == "ECN" || name == "AccECN") {
    option.kind = OptionKind::accecn, parse_accecn(in, option);
  } else if (const std::string_view feature = feature_of_foreign(name); !feature.empty()) {
    in.unsupported_at(line, concat(feature, ": the TCP option ", name));
  } else {
    in.fail_at(line, concat("there is no TCP option \"", name,
                            "\"; want mss, sackOK, sack, TS, wscale, nop, eol, md5, FO, FOEXP or ECN"));
  }
  return option;
}

}  // namespace

void parse_tcp_options(Cursor& in, TcpForm& tcp) {
  const int line = in.line();
  in.expect("<");
  if (in.accept("...")) {
    in.expect(">");
    tcp.any_options = true;
    return;
  }
  std::size_t size = 0;
  while (!in.accept(">")) {
    tcp.options.push_back(parse_option(in));
    size += encoded_size(tcp.options.back());
    if (size > kMostOptionBytes)
      in.fail_at(line, concat("these TCP options need more than ", kMostOptionBytes, " bytes"));
    if (!in.peek_is(">")) in.expect(",");
  }
  if (size % 4 != 0) {
    in.fail_at(line, concat("these TCP options need ", size, " bytes, which is no multiple of 4: add nop or eol"));
  }
}

}  // namespace leat::drill
