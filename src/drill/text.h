// concat(): puts pieces of a message together. For the messages of this layer; never on a data path.
#pragma once

#include <concepts>
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

}  // namespace leat::drill
