#include "http/server/access_log.h"

#include <array>
#include <cstdio>

namespace leat::http {
namespace {

/// Quotes, backslashes and what is no printable ASCII as \xHH.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out += c;
      continue;
    }
    std::array<char, 5> code{};
    std::snprintf(code.data(), code.size(), "\\x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += code.data();
  }
  return out;
}

/// "21/Nov/2026:23:05:01 +0000"
std::string time_text(std::time_t time) {
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  ::gmtime_r(&time, &t);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%02d/%s/%d:%02d:%02d:%02d +0000", t.tm_mday,
                    kMonths[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string log_line(const std::string& client, std::time_t time, const Exchange& exchange) {
  const std::string request = exchange.method.empty() ? "-"
                                                      : escaped(exchange.method) + " " + escaped(exchange.target) +
                                                            (exchange.version == 10 ? " HTTP/1.0" : " HTTP/1.1");
  return client + " - - [" + time_text(time) + "] \"" + request + "\" " + std::to_string(exchange.status) + " " +
         std::to_string(exchange.body_bytes) + "\n";
}

}  // namespace leat::http
