// Small helpers for the text of URLs and headers.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace leat::http {

/// Lower case for ASCII letters, whatever the locale.
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The bytes of `text`, which must outlive the result.
inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace leat::http
