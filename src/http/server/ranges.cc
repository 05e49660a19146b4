#include "http/server/ranges.h"

#include <algorithm>
#include <charconv>

#include "http/message.h"

namespace leat::http {
namespace {

void trim(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
}

/// Digits only; what is too large for 64 bits is the largest number.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? value : UINT64_MAX;
}

struct Wish {
  bool valid = false;
  std::optional<ByteRange> range{};
};

Wish parse_one(std::string_view text, std::uint64_t size) {
  trim(text);
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view before = text.substr(0, dash), after = text.substr(dash + 1);
  if (before.empty()) {  // the last so many bytes
    const auto suffix = number(after);
    if (!suffix) return {};
    const std::uint64_t length = std::min(*suffix, size);
    return {true, length > 0 ? std::optional(ByteRange{size - length, length}) : std::nullopt};
  }
  const auto first = number(before);
  const auto last = after.empty() ? std::optional(UINT64_MAX) : number(after);
  if (!first || !last || *last < *first) return {};
  if (*first >= size) return {true, std::nullopt};
  return {true, ByteRange{*first, std::min(*last, size - 1) - *first + 1}};
}

}  // namespace

std::optional<std::vector<ByteRange>> parse_ranges(std::string_view field, std::uint64_t size) {
  const std::size_t equals = field.find('=');
  if (equals == std::string_view::npos || !equal_ignoring_case(field.substr(0, equals), "bytes")) return std::nullopt;
  field.remove_prefix(equals + 1);
  std::vector<ByteRange> ranges;
  std::uint64_t total = 0;
  for (std::size_t count = 0;; ++count) {
    if (count == kMostRanges) return std::nullopt;
    const std::size_t comma = field.find(',');
    const Wish wish = parse_one(field.substr(0, comma), size);
    if (!wish.valid) return std::nullopt;
    if (wish.range) {
      total += wish.range->length;  // cannot overflow: each is at most `size`, and there are few
      if (total > size) return std::nullopt;
      ranges.push_back(*wish.range);
    }
    if (comma == std::string_view::npos) return ranges;
    field.remove_prefix(comma + 1);
  }
}

}  // namespace leat::http
