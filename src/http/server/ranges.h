// Byte ranges of RFC 9110 §14.1: which parts of a representation a client wants.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace leat::http {

struct ByteRange {
  std::uint64_t first = 0, length = 0;  ///< length > 0, within the representation
  bool operator==(const ByteRange&) const = default;
};

/// More parts than that, or more bytes than the whole in them, are no honest wish (RFC 9110 §14.2).
inline constexpr std::size_t kMostRanges = 64;

/// What a Range field asks of `size` bytes. Nothing: ignore the field (another unit, malformed, or too much). Empty:
/// none of them can be satisfied (416).
std::optional<std::vector<ByteRange>> parse_ranges(std::string_view field, std::uint64_t size);

}  // namespace leat::http
