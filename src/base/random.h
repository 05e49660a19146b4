// Random numbers from a seed: SipHash-2-4 over a counter. They cannot be predicted without the seed, and the same seed
// gives the same numbers, so a run can be replayed.
#pragma once

#include <array>
#include <cstdint>

#include "base/siphash.h"

namespace leat {

/// 128 bits from which a Stack derives all its secrets. The runtime fills it by getrandom(2).
using Seed = SipKey;

class Random {
 public:
  constexpr explicit Random(Seed seed) : key_(seed) {}

  constexpr std::uint64_t next() { return siphash_words<2, 4>(key_, std::array<std::uint64_t, 1>{counter_++}); }
  constexpr std::uint32_t next32() { return static_cast<std::uint32_t>(next() >> 32); }
  /// Uniform in [0, bound), for bound > 0. The bias is below 2^-32 for 32-bit bounds.
  constexpr std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{next32()} * bound) >> 32);
  }
  /// True with probability p in [0, 1].
  constexpr bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }
  /// Returns a key for another purpose. It is independent of later results of next().
  constexpr SipKey derive_key() {
    const std::uint64_t a = next();
    return {a, next()};
  }

 private:
  SipKey key_;
  std::uint64_t counter_ = 0;
};

}  // namespace leat
