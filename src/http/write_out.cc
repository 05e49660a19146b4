#include "http/write_out.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace leat::http {
namespace {

std::string seconds_text(Duration d) { return fmt::format("{:.6f}", std::chrono::duration<double>(d).count()); }

struct Variable {
  std::string_view name;
  bool text;  ///< a string in JSON; else a number
  std::string (*value)(const Report&);
};

std::string address_of(const Endpoint& e) { return e.address.family == IpFamily::none ? "" : e.address.to_string(); }

// Names that curl has mean what they mean there; times are in seconds.
constexpr std::array kVariables{
    Variable{"url", true, [](const Report& r) { return r.url; }},
    Variable{"url_effective", true, [](const Report& r) { return r.url_effective; }},
    Variable{"filename_effective", true, [](const Report& r) { return r.file; }},
    Variable{"http_code", false, [](const Report& r) { return fmt::format("{:03}", r.http_code); }},
    Variable{"content_type", true, [](const Report& r) { return r.content_type; }},
    Variable{"num_redirects", false, [](const Report& r) { return std::to_string(r.redirects); }},
    Variable{"num_connects", false, [](const Report& r) { return std::to_string(r.connections); }},
    Variable{"size_download", false, [](const Report& r) { return std::to_string(r.body_bytes); }},
    Variable{"resumed_from", false, [](const Report& r) { return std::to_string(r.resumed_from); }},
    Variable{"speed_download", false, [](const Report& r) { return fmt::format("{:.0f}", r.speed()); }},
    Variable{"time_namelookup", false, [](const Report& r) { return seconds_text(r.name_lookup); }},
    Variable{"time_connect", false, [](const Report& r) { return seconds_text(r.connect); }},
    Variable{"time_starttransfer", false, [](const Report& r) { return seconds_text(r.start_transfer); }},
    Variable{"time_total", false, [](const Report& r) { return seconds_text(r.total); }},
    Variable{"local_ip", true, [](const Report& r) { return address_of(r.local); }},
    Variable{"local_port", false, [](const Report& r) { return std::to_string(r.local.port); }},
    Variable{"remote_ip", true, [](const Report& r) { return address_of(r.remote); }},
    Variable{"remote_port", false, [](const Report& r) { return std::to_string(r.remote.port); }},
    Variable{"exitcode", false, [](const Report& r) { return std::to_string(r.exit_code); }},
    Variable{"errormsg", true, [](const Report& r) { return r.error; }},
    Variable{"congestion_control", true, [](const Report& r) { return std::string(r.tcp.congestion_control); }},
    Variable{"handshake", false, [](const Report& r) { return seconds_text(r.tcp.handshake); }},
    Variable{"rtt", false, [](const Report& r) { return seconds_text(r.tcp.rtt); }},
    Variable{"min_rtt", false, [](const Report& r) { return seconds_text(r.tcp.min_rtt); }},
    Variable{"mss", false, [](const Report& r) { return std::to_string(r.tcp.snd_mss); }},
    Variable{"retransmits", false, [](const Report& r) { return std::to_string(r.tcp.total_retrans); }},
    Variable{"segs_in", false, [](const Report& r) { return std::to_string(r.tcp.segs_in); }},
    Variable{"segs_out", false, [](const Report& r) { return std::to_string(r.tcp.segs_out); }},
    Variable{"rcv_ooopack", false, [](const Report& r) { return std::to_string(r.tcp.rcv_ooopack); }},
    Variable{"dupacks_in", false, [](const Report& r) { return std::to_string(r.tcp.dupacks_in); }},
    Variable{"dupacks_out", false, [](const Report& r) { return std::to_string(r.tcp.dupacks_out); }},
};

/// The length of the UTF-8 sequence that `text` begins with (its form alone is checked), or 0.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

/// A JSON string. Bytes that are not UTF-8 are taken for ISO 8859-1, as in header fields (RFC 9110 §5.5).
std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (length == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + "\"";
}

const Variable* find(std::string_view name) {
  const auto it = std::find_if(kVariables.begin(), kVariables.end(), [&](const Variable& v) { return v.name == name; });
  return it == kVariables.end() ? nullptr : &*it;
}

char escape_of(char c) {
  switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '\\': return '\\';
    default: return '\0';
  }
}

}  // namespace

expected<WriteOut, std::string> WriteOut::parse(std::string_view format) {
  WriteOut out;
  std::string literal;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    const char next = i + 1 < format.size() ? format[i + 1] : '\0';
    if (c == '\\' && escape_of(next) != '\0') {
      literal += escape_of(next);
      ++i;
    } else if (c == '%' && next == '%') {
      literal += '%';
      ++i;
    } else if (c == '%' && next == '{') {
      const std::size_t end = format.find('}', i);
      const std::string name(format.substr(i + 2, end == std::string_view::npos ? end : end - i - 2));
      if (end == std::string_view::npos) return unexpected("%{" + name + " has no closing brace");
      if (name != "json" && find(name) == nullptr) return unexpected("there is no variable %{" + name + "}");
      if (!literal.empty()) out.pieces_.push_back({false, std::exchange(literal, {})});
      out.pieces_.push_back({true, name});
      i = end;
    } else {
      literal += c;
    }
  }
  if (!literal.empty()) out.pieces_.push_back({false, literal});
  return out;
}

std::string WriteOut::fill(const Report& report) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (!piece.variable) {
      out += piece.text;
    } else if (const Variable* variable = find(piece.text)) {
      out += variable->value(report);
    } else {
      out += report_json(report);
    }
  }
  return out;
}

std::vector<std::string_view> WriteOut::variables() {
  std::vector<std::string_view> names;
  names.reserve(std::size(kVariables) + 1);
  for (const Variable& variable : kVariables) names.push_back(variable.name);
  names.emplace_back("json");
  return names;
}

std::string report_json(const Report& report) {
  std::string out = "{";
  for (const Variable& variable : kVariables) {
    if (out.size() > 1) out += ",";
    std::string value = variable.value(report);
    // "007" is no JSON number.
    if (variable.name == "http_code") value = std::to_string(report.http_code);
    out += json_text(variable.name) + ":" + (variable.text ? json_text(value) : value);
  }
  return out + "}";
}

}  // namespace leat::http
