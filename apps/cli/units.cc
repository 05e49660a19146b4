#include "cli/units.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

namespace leat::command {
namespace {

/// Takes a number off the front; false when there is none or it does not fit.
template <class Number, class... Base>
bool take_number(std::string_view& text, Number& value, Base... base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::string bytes_text(std::uint64_t n) {
  if (n >= 1u << 30 && n % (1u << 30) == 0) return fmt::format("{}G", n >> 30);
  if (n >= 1u << 20 && n % (1u << 20) == 0) return fmt::format("{}M", n >> 20);
  if (n >= 1u << 10 && n % (1u << 10) == 0) return fmt::format("{}k", n >> 10);
  return fmt::format("{}", n);
}

}  // namespace

expected<std::uint64_t, std::string> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const bool hex = text.substr(0, 2) == "0x" || text.substr(0, 2) == "0X";
  std::string_view digits = hex ? text.substr(2) : text;
  std::uint64_t value = 0;
  if (!take_number(digits, value, hex ? 16 : 10) || !digits.empty() || value < least || value > most) {
    return unexpected(fmt::format("\"{}\" is not a number from {} to {}", text, least, most));
  }
  return value;
}

expected<Duration, std::string> parse_duration(std::string_view text, Duration most) {
  constexpr std::pair<std::string_view, double> kUnits[] = {{"", 1e9},   {"s", 1e9},  {"ms", 1e6},
                                                            {"us", 1e3}, {"m", 60e9}, {"h", 3600e9}};
  std::string_view rest = text;
  double value = 0;
  if (take_number(rest, value, std::chars_format::fixed)) {
    for (const auto& [unit, nanoseconds] : kUnits) {
      const double total = value * nanoseconds;
      if (rest == unit && total >= 1 && total <= static_cast<double>(most.count())) {
        return Duration(static_cast<Duration::rep>(total));
      }
    }
  }
  return unexpected(fmt::format("\"{}\" is not a time of at most {} s, such as 1.5, 2s or 500ms", text,
                                std::chrono::duration_cast<std::chrono::seconds>(most).count()));
}

expected<std::uint64_t, std::string> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most) {
  std::string_view rest = text;
  std::uint64_t value = 0;
  if (take_number(rest, value)) {
    constexpr std::pair<std::string_view, unsigned> kUnits[] = {{"", 0},   {"k", 10}, {"K", 10}, {"m", 20},
                                                                {"M", 20}, {"g", 30}, {"G", 30}};
    for (const auto& [unit, shift] : kUnits) {
      if (rest == unit && value <= most >> shift && value << shift >= least) return value << shift;
    }
  }
  return unexpected(fmt::format("\"{}\" is not a size from {} to {} bytes, such as 4096, 64k or 1M", text,
                                bytes_text(least), bytes_text(most)));
}

}  // namespace leat::command
