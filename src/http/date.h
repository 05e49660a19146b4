// Dates as HTTP writes them: IMF-fixdate, the one form that senders may make (RFC 9110 §5.6.7).
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace leat::http {

/// Seconds since 1970; nothing when it is no such date.
std::optional<std::time_t> parse_date(std::string_view text);
/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string date_text(std::time_t time);

}  // namespace leat::http
