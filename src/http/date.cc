#include "http/date.h"

#include <array>
#include <cstdio>
#include <utility>

namespace leat::http {

std::optional<std::time_t> parse_date(std::string_view text) {
  std::tm fields{};
  const std::string terminated(text);
  const char* end = ::strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&fields);
}

namespace {

std::string format(std::time_t time) {
  // strftime would speak the locale's language.
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  ::gmtime_r(&time, &t);
  std::array<char, 64> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT", kDays[static_cast<std::size_t>(t.tm_wday)],
      t.tm_mday, kMonths[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string date_text(std::time_t time) {
  // All answers of a second have the same date.
  thread_local std::pair<std::time_t, std::string> last{0, format(0)};
  if (time != last.first) last = {time, format(time)};
  return last.second;
}

}  // namespace leat::http
