#include "http/human.h"

#include <fmt/core.h>

#include <array>
#include <string_view>

namespace leat::http {
namespace {

std::string scaled(double value, std::string_view unit) {
  constexpr std::array<std::string_view, 6> kPrefixes{"", "k", "M", "G", "T", "P"};
  if (!(value >= 0)) value = 0;
  std::size_t step = 0;
  // 999.95 would be printed as 1000.0.
  while (value >= 999.95 && step + 1 < kPrefixes.size()) value /= 1000, ++step;
  return step == 0 ? fmt::format("{:.0f} {}", value, unit) : fmt::format("{:.1f} {}{}", value, kPrefixes[step], unit);
}

}  // namespace

std::string human_bytes(double bytes) { return scaled(bytes, "B"); }

std::string human_rate(double bytes_per_second) { return scaled(bytes_per_second * 8, "bit/s"); }

std::string human_clock(Duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  if (seconds < 0 || seconds > 4 * 86400) return "--:--";
  if (seconds >= 3600) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::string human_time(Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  if (seconds < 0.001) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

}  // namespace leat::http
