#include "wire/checksum.h"

namespace leat::checksum_detail {
namespace {

// Eight 32-bit lanes: two SSE2 registers, or one AVX2 register where the build allows it.
using Lanes = std::uint32_t __attribute__((vector_size(32)));

// Lane sums hold 16-bit halves: 2^16 steps fit before one could overflow.
constexpr std::size_t kStep = 64;
constexpr std::size_t kMaxSteps = 0x8000;

inline std::uint64_t add_up(const Lanes& v) {
  std::uint64_t sum = 0;
  for (int i = 0; i < 8; ++i) sum += v[i];
  return sum;
}

template <class Word>
inline Word load(const std::uint8_t* p) {
  Word w;
  std::memcpy(&w, p, sizeof w);
  return w;
}

template <class Word>
inline void store(std::uint8_t* p, Word w) {
  std::memcpy(p, &w, sizeof w);
}

/// Whole steps, then the tail; with kCopy every word is stored at `out` as it passes.
template <bool kCopy>
inline std::uint64_t run(std::uint8_t* out, const std::uint8_t* p, std::size_t size) {
  std::uint64_t sum = 0;
  while (size >= kStep) {
    const std::size_t steps = size / kStep < kMaxSteps ? size / kStep : kMaxSteps;
    Lanes low{}, high{};
    for (std::size_t i = 0; i < steps; ++i, p += kStep) {
      Lanes a, b;  // never passed or returned by value: without AVX that would depend on the ABI
      std::memcpy(&a, p, sizeof a);
      std::memcpy(&b, p + sizeof a, sizeof b);
      if constexpr (kCopy) {
        std::memcpy(out, &a, sizeof a);
        std::memcpy(out + sizeof a, &b, sizeof b);
        out += kStep;
      }
      low += (a & 0xffffu) + (a >> 16);
      high += (b & 0xffffu) + (b >> 16);
    }
    sum += add_up(low) + add_up(high);
    size -= steps * kStep;
  }
  for (; size >= 4; size -= 4, p += 4) {
    const auto w = load<std::uint32_t>(p);
    if constexpr (kCopy) store(out, w), out += 4;
    sum += w;
  }
  if (size >= 2) {
    const auto w = load<std::uint16_t>(p);
    if constexpr (kCopy) store(out, w), out += 2;
    sum += w;
    p += 2, size -= 2;
  }
  if (size == 1) {
    if constexpr (kCopy) *out = *p;
    sum += machine_order(static_cast<std::uint16_t>(*p << 8));
  }
  return sum;
}

}  // namespace

std::uint64_t sum_fast(const std::uint8_t* data, std::size_t size) { return run<false>(nullptr, data, size); }

std::uint64_t copy_and_sum_fast(std::uint8_t* out, const std::uint8_t* data, std::size_t size) {
  return run<true>(out, data, size);
}

}  // namespace leat::checksum_detail
