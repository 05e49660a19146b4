// Numbers as people type them. Errors are sentences that say what is wanted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "leat/expected.h"
#include "leat/time.h"

namespace leat::command {

constexpr Duration kLongestWait = std::chrono::hours(24 * 365);  ///< the limit of options that take a time

inline double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
inline double milliseconds(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

/// A decimal number, or "0x…", from `least` to `most`.
expected<std::uint64_t, std::string> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);

/// A time, more than zero and at most `most`: "1.5" (seconds), "1s", "500ms", "20us", "2m", "1h".
expected<Duration, std::string> parse_duration(std::string_view text, Duration most);

/// A number of bytes from `least` to `most`: "4096", "64k", "1M", "1G" (powers of 1024).
expected<std::uint64_t, std::string> parse_size(std::string_view text, std::uint64_t least, std::uint64_t most);

}  // namespace leat::command
