// The text forms of leat/address.h: strict parsers, and a printer of the canonical form (RFC 5952).
#include "leat/address.h"

#include <algorithm>

namespace leat {
namespace {

/// Reads a decimal number without sign, spaces and leading zeros. Some programs read a leading zero as octal.
std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t max) {
  if (text.empty() || text.size() > 10 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value > max) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

std::optional<std::uint32_t> parse_hex(std::string_view text, std::size_t max_digits) {
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  std::uint32_t value = 0;
  for (char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    else return std::nullopt;
    value = value << 4 | digit;
  }
  return value;
}

/// Removes the text up to `separator` from the front of `rest` and returns it. Without a separator it takes all of
/// `rest`.
std::string_view take_until(std::string_view& rest, char separator, bool& found) {
  const std::size_t at = rest.find(separator);
  found = at != std::string_view::npos;
  const std::string_view head = rest.substr(0, at);
  rest = found ? rest.substr(at + 1) : std::string_view{};
  return head;
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    bool more = false;
    const auto octet = parse_decimal(take_until(text, '.', more), 255);
    if (!octet || more != (i < 3)) return std::nullopt;
    value = value << 8 | *octet;
  }
  return value;
}

/// Reads the groups on one side of "::" and appends them to `out`. The address may end with an IPv4 address.
bool parse_groups(std::string_view text, bool allow_v4_tail, std::array<std::uint16_t, 8>& out, std::size_t& count) {
  if (text.empty()) return true;
  for (bool more = true; more;) {
    const std::string_view group = take_until(text, ':', more);
    if (!more && allow_v4_tail && group.find('.') != std::string_view::npos) {
      const auto tail = parse_v4(group);
      if (!tail || count > 6) return false;
      out[count++] = static_cast<std::uint16_t>(*tail >> 16);
      out[count++] = static_cast<std::uint16_t>(*tail);
      return true;
    }
    const auto value = parse_hex(group, 4);
    if (!value || count == 8) return false;
    out[count++] = static_cast<std::uint16_t>(*value);
  }
  return true;
}

/// Reads the text of RFC 4291 §2.2. "::" stands for at least one group.
std::optional<IpAddress> parse_v6(std::string_view text) {
  std::array<std::uint16_t, 8> left{}, right{};
  std::size_t left_count = 0, right_count = 0;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, true, left, left_count) || left_count != 8) return std::nullopt;
  } else {
    const std::string_view tail = text.substr(gap + 2);
    if (!parse_groups(text.substr(0, gap), false, left, left_count) || !parse_groups(tail, true, right, right_count) ||
        left_count + right_count > 7) {
      return std::nullopt;
    }
    std::copy_n(right.begin(), right_count, left.end() - static_cast<std::ptrdiff_t>(right_count));
  }
  IpAddress r;
  r.family = IpFamily::v6;
  for (std::size_t i = 0; i < 8; ++i) {
    r.bytes[2 * i] = static_cast<std::uint8_t>(left[i] >> 8);
    r.bytes[2 * i + 1] = static_cast<std::uint8_t>(left[i]);
  }
  return r;
}

void append_hex(std::string& out, unsigned value) {
  constexpr std::string_view digits = "0123456789abcdef";
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const unsigned digit = value >> shift & 0xf;
    started = started || digit != 0 || shift == 0;
    if (started) out += digits[digit];
  }
}

std::string v4_text(const std::uint8_t* b) {
  return std::to_string(b[0]) + '.' + std::to_string(b[1]) + '.' + std::to_string(b[2]) + '.' + std::to_string(b[3]);
}

/// Prints the form of RFC 5952 §4: lower case, no leading zeros, and "::" for the first longest run of at least two
/// zero groups. IPv4-mapped addresses end with dotted decimal (§5).
std::string v6_text(const IpAddress& a) {
  std::array<unsigned, 8> group{};
  for (std::size_t i = 0; i < 8; ++i) group[i] = static_cast<unsigned>(a.bytes[2 * i] << 8 | a.bytes[2 * i + 1]);
  const bool mapped =
      std::all_of(group.begin(), group.begin() + 5, [](unsigned g) { return g == 0; }) && group[5] == 0xffff;
  if (mapped) return "::ffff:" + v4_text(a.bytes.data() + 12);
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && group[end] == 0) ++end;
    if (end - i > best_length) best = i, best_length = end - i;
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_hex(out, group[i]);
  }
  return out;
}

}  // namespace

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress r;
  for (std::size_t i = 0; i < 6; ++i) {
    bool more = false;
    const std::string_view part = take_until(text, ':', more);
    const auto value = parse_hex(part, 2);
    if (!value || part.size() != 2 || more != (i < 5)) return std::nullopt;
    r.bytes[i] = static_cast<std::uint8_t>(*value);
  }
  return r;
}

std::string MacAddress::to_string() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::uint8_t b : bytes) {
    if (!out.empty()) out += ':';
    out += digits[b >> 4];
    out += digits[b & 0xf];
  }
  return out;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto value = parse_v4(text);
    if (!value) return std::nullopt;
    return v4(*value);
  }
  bool has_scope = false;
  const std::string_view address = take_until(text, '%', has_scope);
  auto r = parse_v6(address);
  if (r && has_scope) {
    const auto scope = parse_decimal(text, 0xffffffffu);
    if (!scope || *scope == 0) return std::nullopt;
    r->scope = *scope;
  }
  return r;
}

std::string IpAddress::to_string() const {
  if (is_v4()) return v4_text(bytes.data());
  if (!is_v6()) return "none";
  return scope == 0 ? v6_text(*this) : v6_text(*this) + '%' + std::to_string(scope);
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  bool has_length = false;
  const auto address = IpAddress::parse(take_until(text, '/', has_length));
  if (!address || !has_length) return std::nullopt;
  const auto length = parse_decimal(text, address->is_v4() ? 32 : 128);
  if (!length) return std::nullopt;
  return IpPrefix{*address, static_cast<std::uint8_t>(*length)};
}

std::string IpPrefix::to_string() const { return address.to_string() + '/' + std::to_string(length); }

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_decimal(text.substr(colon + 1), 65535);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  if (!port || !address || address->is_v6() != bracketed) return std::nullopt;
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::string Endpoint::to_string() const {
  const std::string host = address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
  return host + ':' + std::to_string(port);
}

}  // namespace leat
