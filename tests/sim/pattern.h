// The bytes of the streams in the simulation. Each byte is a function of the key of the stream and its position, so a
// byte that is lost, duplicated or moved is detected without a copy of the stream.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace leat::sim {

constexpr std::uint64_t pattern_word(std::uint64_t key, std::uint64_t index) {
  std::uint64_t z = key + index * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// Calls f(offset in the range, bytes, count) for each run of at most eight bytes.
template <class F>
void for_pattern(std::uint64_t key, std::uint64_t position, std::size_t size, F f) {
  for (std::size_t done = 0; done < size;) {
    const std::uint64_t at = position + done;
    const std::uint64_t word = pattern_word(key, at / 8);
    std::uint8_t bytes[8];
    std::memcpy(bytes, &word, 8);
    const std::size_t skip = at % 8;
    const std::size_t n = size - done < 8 - skip ? size - done : 8 - skip;
    if (!f(done, bytes + skip, n)) return;
    done += n;
  }
}

inline void fill_pattern(std::uint64_t key, std::uint64_t position, MutableBytes out) {
  for_pattern(key, position, out.size(), [&](std::size_t at, const std::uint8_t* bytes, std::size_t n) {
    std::memcpy(out.data() + at, bytes, n);
    return true;
  });
}

/// The offset of the first wrong byte, or data.size().
inline std::size_t first_mismatch(std::uint64_t key, std::uint64_t position, Bytes data) {
  std::size_t wrong = data.size();
  for_pattern(key, position, data.size(), [&](std::size_t at, const std::uint8_t* bytes, std::size_t n) {
    if (std::memcmp(data.data() + at, bytes, n) == 0) return true;
    while (data[at] == *bytes) ++at, ++bytes;
    wrong = at;
    return false;
  });
  return wrong;
}

}  // namespace leat::sim
