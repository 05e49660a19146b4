#include "drill/tcp_option_bytes.h"

#include <array>

#include "drill/text.h"

namespace leat::drill {
namespace {

using OptionKind = TcpOptionForm::Kind;

// Numbers of TCP options (IANA).
constexpr std::uint8_t kEol = 0, kNop = 1, kMss = 2, kWindowScale = 3, kSackPermitted = 4, kSack = 5, kTimestamps = 8,
                       kMd5 = 19, kFastOpen = 34, kAccEcn0 = 172, kAccEcn1 = 174, kExperimental = 254;
constexpr std::uint16_t kFastOpenMagic = 0xf989;  // RFC 7413 Appendix A

void add_number(std::vector<std::uint8_t>& out, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint8_t number_of(const TcpOptionForm& option) {
  switch (option.kind) {
    case OptionKind::mss: return kMss;
    case OptionKind::wscale: return kWindowScale;
    case OptionKind::sack_ok: return kSackPermitted;
    case OptionKind::sack: return kSack;
    case OptionKind::timestamps: return kTimestamps;
    case OptionKind::nop: return kNop;
    case OptionKind::eol: return kEol;
    case OptionKind::md5: return kMd5;
    case OptionKind::fast_open: return kFastOpen;
    case OptionKind::fast_open_exp: return kExperimental;
    case OptionKind::accecn: return !option.counts.empty() && option.counts[0].which == 2 ? kAccEcn1 : kAccEcn0;
  }
  return kNop;
}

/// Decodes the bytes behind kind and length. Returns nothing when their number does not fit the kind.
std::optional<TcpOptionForm> decode_body(std::uint8_t number, Bytes body) {
  TcpOptionForm option;
  const std::uint8_t* p = body.data();
  switch (number) {
    case kMss:
      if (body.size() != 2) return std::nullopt;
      option.kind = OptionKind::mss, option.first = load_be16(p);
      return option;
    case kWindowScale:
      if (body.size() != 1) return std::nullopt;
      option.kind = OptionKind::wscale, option.first = p[0];
      return option;
    case kSackPermitted:
      if (!body.empty()) return std::nullopt;
      option.kind = OptionKind::sack_ok;
      return option;
    case kSack:
      if (body.empty() || body.size() % 8 != 0) return std::nullopt;
      option.kind = OptionKind::sack;
      for (std::size_t i = 0; i < body.size(); i += 8)
        option.ranges.push_back({load_be32(p + i), load_be32(p + i + 4)});
      return option;
    case kTimestamps:
      if (body.size() != 8) return std::nullopt;
      option.kind = OptionKind::timestamps, option.first = load_be32(p), option.second = load_be32(p + 4);
      return option;
    case kMd5: option.kind = OptionKind::md5, option.bytes.assign(body.begin(), body.end()); return option;
    case kFastOpen: option.kind = OptionKind::fast_open, option.bytes.assign(body.begin(), body.end()); return option;
    case kExperimental:
      if (body.size() < 2 || load_be16(p) != kFastOpenMagic) return std::nullopt;
      option.kind = OptionKind::fast_open_exp, option.bytes.assign(body.begin() + 2, body.end());
      return option;
    case kAccEcn0:
    case kAccEcn1: {
      if (body.size() % 3 != 0 || body.size() > 9) return std::nullopt;
      option.kind = OptionKind::accecn;
      for (std::size_t i = 0; i < body.size(); i += 3) {
        const auto place = static_cast<std::uint8_t>(i / 3);
        const auto which = static_cast<std::uint8_t>(number == kAccEcn0 ? place : 2 - place);
        option.counts.push_back({which, static_cast<std::uint32_t>(p[i] << 16 | p[i + 1] << 8 | p[i + 2])});
      }
      return option;
    }
    default: return std::nullopt;
  }
}

std::string hex(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) out += kDigits[byte >> 4], out += kDigits[byte & 15];
  return out;
}

}  // namespace

std::size_t encoded_size(const TcpOptionForm& option) {
  switch (option.kind) {
    case OptionKind::nop:
    case OptionKind::eol: return 1;
    case OptionKind::mss: return 4;
    case OptionKind::wscale: return 3;
    case OptionKind::sack_ok: return 2;
    case OptionKind::sack: return 2 + 8 * option.ranges.size();
    case OptionKind::timestamps: return 10;
    case OptionKind::md5:
    case OptionKind::fast_open: return 2 + option.bytes.size();
    case OptionKind::fast_open_exp: return 4 + option.bytes.size();
    case OptionKind::accecn: return 2 + 3 * option.counts.size();
  }
  return 0;
}

void encode(const TcpOptionForm& option, std::vector<std::uint8_t>& out) {
  out.push_back(number_of(option));
  if (option.kind == OptionKind::nop || option.kind == OptionKind::eol) return;
  out.push_back(static_cast<std::uint8_t>(encoded_size(option)));
  switch (option.kind) {
    case OptionKind::mss: add_number(out, option.first, 2); break;
    case OptionKind::wscale: add_number(out, option.first, 1); break;
    case OptionKind::sack:
      for (const auto& range : option.ranges) add_number(out, range.begin, 4), add_number(out, range.end, 4);
      break;
    case OptionKind::timestamps: add_number(out, option.first, 4), add_number(out, option.second, 4); break;
    case OptionKind::fast_open_exp: add_number(out, kFastOpenMagic, 2); break;
    case OptionKind::accecn:
      for (const auto& count : option.counts) add_number(out, count.bytes, 3);
      break;
    default: break;
  }
  out.insert(out.end(), option.bytes.begin(), option.bytes.end());
}

std::optional<std::vector<TcpOptionForm>> decode_options(Bytes in) {
  std::vector<TcpOptionForm> options;
  while (!in.empty()) {
    if (in[0] == kNop || in[0] == kEol) {
      options.push_back({.kind = in[0] == kNop ? OptionKind::nop : OptionKind::eol});
      in = in.subspan(1);
      continue;
    }
    if (in.size() < 2 || in[1] < 2 || in[1] > in.size()) return std::nullopt;
    auto option = decode_body(in[0], in.subspan(2, in[1] - 2u));
    if (!option) return std::nullopt;
    options.push_back(std::move(*option));
    in = in.subspan(in[1]);
  }
  return options;
}

std::string to_string(const TcpOptionForm& option) {
  constexpr std::array<std::string_view, 3> kCounts = {"e0b", "ceb", "e1b"};
  switch (option.kind) {
    case OptionKind::mss: return concat("mss ", option.first);
    case OptionKind::wscale: return concat("wscale ", option.first);
    case OptionKind::sack_ok: return "sackOK";
    case OptionKind::sack: {
      std::string text = "sack";
      for (const auto& range : option.ranges) text += concat(" ", range.begin, ":", range.end);
      return text;
    }
    case OptionKind::timestamps: return concat("TS val ", option.first, " ecr ", option.second);
    case OptionKind::nop: return "nop";
    case OptionKind::eol: return "eol";
    case OptionKind::md5: return concat("md5 ", hex(option.bytes));
    case OptionKind::fast_open: return concat("FO", option.bytes.empty() ? "" : " ", hex(option.bytes));
    case OptionKind::fast_open_exp: return concat("FOEXP", option.bytes.empty() ? "" : " ", hex(option.bytes));
    case OptionKind::accecn: {
      std::string text = "ECN";
      for (const auto& count : option.counts) text += concat(" ", kCounts[count.which], " ", count.bytes);
      return text;
    }
  }
  return {};
}

std::string to_string(const std::vector<TcpOptionForm>& options) {
  std::string text;
  for (const TcpOptionForm& option : options) {
    text += text.empty() ? '<' : ',';
    text += to_string(option);
  }
  return text.empty() ? text : text + ">";
}

}  // namespace leat::drill
