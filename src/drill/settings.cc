#include "drill/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "drill/text.h"

namespace leat::drill {
namespace {

using Trouble = std::optional<std::string>;

std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

template <class T>
Trouble read_number(std::string_view text, T most, T& into) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) {
    return concat("\"", text, "\" is no number up to ", most);
  }
  into = value;
  return std::nullopt;
}

Trouble read_port(const std::string& text, std::uint16_t& into) {
  return read_number<std::uint16_t>(text, 65535, into);
}

Trouble read_microseconds(const std::string& text, Duration& into) {
  std::int64_t value = 0;
  if (auto trouble = read_number<std::int64_t>(text, 1'000'000'000, value)) return trouble;
  if (value < 0) return "a time is not negative";
  into = std::chrono::microseconds(value);
  return std::nullopt;
}

Trouble read_percent(const std::string& text, double& into) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value >= 0 && value <= 10000)) return concat("\"", text, "\" is no percentage");
  into = value;
  return std::nullopt;
}

Trouble read_version(const std::string& text, IpVersion& into) {
  if (text == "ipv4") into = IpVersion::v4;
  else if (text == "ipv4-mapped-ipv6") into = IpVersion::v4_mapped_v6;
  else if (text == "ipv6") into = IpVersion::v6;
  else return concat("want ipv4, ipv4-mapped-ipv6 or ipv6, not \"", text, "\"");
  return std::nullopt;
}

Trouble read_address(const std::string& text, std::optional<IpAddress>& into) {
  const auto address = IpAddress::parse(text);
  if (!address) return concat("\"", text, "\" is no IP address");
  into = address;
  return std::nullopt;
}

Trouble read_remote(const std::string& text, std::optional<IpPrefix>& into) {
  if (const auto prefix = IpPrefix::parse(text)) {
    into = prefix;
    return std::nullopt;
  }
  const auto address = IpAddress::parse(text);
  if (!address) return concat("\"", text, "\" is no IP address, with or without a prefix length");
  into = IpPrefix{*address, static_cast<std::uint8_t>(address->is_v4() ? 24 : 64)};
  return std::nullopt;
}

Trouble read_non_fatal(std::string_view text, Settings& settings) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word == "packet") settings.packets_non_fatal = true;
    else if (word == "syscall") settings.calls_non_fatal = true;
    else return concat("want packet or syscall, not \"", word, "\"");
  }
  return std::nullopt;
}

bool is_symbol(std::string_view text) {
  const auto belongs = [](char c) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), belongs) && !(text[0] >= '0' && text[0] <= '9');
}

Trouble read_define(const std::string& text, Defines& defines) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || !is_symbol(text.substr(0, equals))) {
    return concat("want SYMBOL=value, not \"", text, "\"");
  }
  defines[text.substr(0, equals)] = text.substr(equals + 1);
  return std::nullopt;
}

/// Names that mean something to other runners and nothing to the verdict here.
constexpr std::array<std::string_view, 13> kIgnored = {
    "speed",     "netmask_ip", "no_cleanup",    "cpu_binding", "tun_dev", "persistent_tun_dev",
    "debug_tun", "prefix_len", "local_netmask", "hostname",    "name",    "static_local_ip",
    "log_file"};
/// Names that change what a script means in a way that is not implemented.
constexpr std::array<std::string_view, 7> kUnsupported = {
    "so_filename", "so_flags", "udp_encapsulation", "tcp_md5_secret", "psp", "wire_server", "sctp_csum"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_on(const std::string& value) { return value.empty() || (value != "0" && value != "false"); }

}  // namespace

std::optional<std::string> Settings::apply(const OptionText& option) {
  const std::string& name = option.name;
  const std::string value = unquoted(option.value);
  if (name == "ip_version") return read_version(value, ip_version);
  if (name == "bind_port") return read_port(value, bind_port);
  if (name == "connect_port") return read_port(value, connect_port);
  if (name == "local_ip") return read_address(value, local_ip);
  if (name == "gateway_ip") return read_address(value, gateway_ip);
  if (name == "remote_ip") return read_remote(value, remote_ip);
  if (name == "mtu") return read_number<std::uint32_t>(value, 65535, mtu);
  if (name == "mss") return read_number<std::uint32_t>(value, 65535, mss);
  if (name == "tolerance_usecs") return read_microseconds(value, tolerance);
  if (name == "tolerance_percent") return read_percent(value, tolerance_percent);
  if (name == "tcp_ts_tick_usecs") return read_microseconds(value, tcp_ts_tick);
  if (name == "tcp_ts_ecr_scaled") return tcp_ts_ecr_scaled = is_on(value), std::nullopt;
  if (name == "tcp_ts_ecr_exact") return tcp_ts_ecr_exact = is_on(value), std::nullopt;
  if (name == "strict_segments") return strict_segments = is_on(value), std::nullopt;
  if (name == "non_fatal") return read_non_fatal(value, *this);
  if (name == "send_omit_free") return send_omit_free = is_on(value), std::nullopt;
  if (name == "is_anyip") return is_anyip = is_on(value), std::nullopt;
  if (name == "code_command") return code_command = value, std::nullopt;
  if (name == "code_format") return code_format = value, std::nullopt;
  if (name == "code_sockopt") return code_sockopt = value, std::nullopt;
  if (name == "init_scripts") return init_scripts = value, std::nullopt;
  if (name == "dry_run") return dry_run = is_on(value), std::nullopt;
  if (name == "verbose" || name == "v") return verbose = is_on(value), std::nullopt;
  if (name == "debug") return debug = is_on(value), std::nullopt;
  if (name == "define" || name == "D") return read_define(option.value, defines);
  if (is_one_of(name, kUnsupported) || name.find("linklocal") != std::string::npos) {
    unsupported = "the option --" + name;
    return std::nullopt;
  }
  if (is_one_of(name, kIgnored) || name.starts_with("wire_")) return std::nullopt;
  return std::string("unknown option");
}

std::optional<std::string> Settings::contradiction() const {
  const std::string_view version = wire_is_v6() ? "IPv6" : "IPv4";
  if (local_address().is_v6() != wire_is_v6()) return concat("--local_ip: want an ", version, " address");
  if (remote_address().is_v6() != wire_is_v6()) return concat("--remote_ip: want an ", version, " address");
  if (local_address() == remote_address()) return std::string("--local_ip and --remote_ip are the same");
  return std::nullopt;
}

IpAddress Settings::local_address() const {
  if (local_ip) return *local_ip;
  return wire_is_v6() ? *IpAddress::parse("fd3d:fa7b:d17d::8") : IpAddress::v4(192, 168, 217, 8);
}

IpAddress Settings::remote_address() const {
  if (remote_ip) return remote_ip->address;
  return wire_is_v6() ? *IpAddress::parse("2001:db8::1") : IpAddress::v4(192, 0, 2, 1);
}

}  // namespace leat::drill
