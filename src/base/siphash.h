// SipHash-c-d: a keyed hash that cannot be steered without the key (Aumasson and Bernstein, 2012). Hash tables use 1-3.
// Numbers that must look random to the network, such as ISNs and ports, use 2-4.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/bytes.h"

namespace leat {

/// 128 secret bits, derived from the seed of the configuration.
struct SipKey {
  std::uint64_t k0 = 0, k1 = 0;
};

namespace siphash_detail {
struct State {
  std::uint64_t v0, v1, v2, v3;
  constexpr explicit State(const SipKey& k)
      : v0(0x736f6d6570736575u ^ k.k0),
        v1(0x646f72616e646f6du ^ k.k1),
        v2(0x6c7967656e657261u ^ k.k0),
        v3(0x7465646279746573u ^ k.k1) {}
  constexpr void round() {
    v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
    v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
    v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
  }
  template <int N>
  constexpr void rounds() {
    for (int i = 0; i < N; ++i) round();
  }
};
}  // namespace siphash_detail

/// Hashes bytes, with C rounds for each word and D rounds at the end.
template <int C, int D>
constexpr std::uint64_t siphash(const SipKey& key, Bytes data) {
  siphash_detail::State s(key);
  std::size_t i = 0;
  for (; i + 8 <= data.size(); i += 8) {
    std::uint64_t m = 0;
    for (unsigned b = 0; b < 8; ++b) m |= std::uint64_t{data[i + b]} << (8 * b);
    s.v3 ^= m, s.template rounds<C>(), s.v0 ^= m;
  }
  std::uint64_t last = std::uint64_t{data.size()} << 56;
  for (unsigned b = 0; i + b < data.size(); ++b) last |= std::uint64_t{data[i + b]} << (8 * b);
  s.v3 ^= last, s.template rounds<C>(), s.v0 ^= last;
  s.v2 ^= 0xff, s.template rounds<D>();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/// Hashes whole 64-bit words. Flow keys have this form.
template <int C, int D, std::size_t N>
constexpr std::uint64_t siphash_words(const SipKey& key, const std::array<std::uint64_t, N>& words) {
  siphash_detail::State s(key);
  for (std::uint64_t m : words) s.v3 ^= m, s.template rounds<C>(), s.v0 ^= m;
  const std::uint64_t last = std::uint64_t{N * 8} << 56;
  s.v3 ^= last, s.template rounds<C>(), s.v0 ^= last;
  s.v2 ^= 0xff, s.template rounds<D>();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace leat
