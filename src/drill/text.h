// concat() joins the pieces of a message, differ() compares two values. Neither is for a data path.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace leat::drill {

inline void append_piece(std::string& out, std::string_view piece) { out += piece; }
inline void append_piece(std::string& out, char piece) { out += piece; }
template <std::integral T>
requires(!std::same_as<T, char>) void append_piece(std::string& out, T piece) { out += std::to_string(piece); }

template <class... Pieces>
std::string concat(const Pieces&... pieces) {
  std::string out;
  (append_piece(out, pieces), ...);
  return out;
}

/// The expected and the actual value, under each other.
template <class Expected, class Got>
std::string expected_and_got(std::string_view what, const Expected& expected, const Got& got) {
  return concat(what, "\n    expected  ", expected, "\n    got       ", got);
}

/// A description of how two values differ, or nothing when they are equal.
using Difference = std::optional<std::string>;

template <class T>
Difference differ(std::string_view what, const T& expected, const T& got) {
  if (expected == got) return std::nullopt;
  return expected_and_got(what, expected, got);
}

}  // namespace leat::drill
