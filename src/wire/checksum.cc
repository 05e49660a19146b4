// The summing loops. Whole steps of 64 bytes use vector registers: AVX2 if the processor has it, which takes half the
// time for a full segment, otherwise the compiler's generic vectors.
#include "wire/checksum.h"

#if defined(__x86_64__) && !defined(__AVX2__)
#define LEAT_CHECKSUM_AVX2 1
#endif

namespace leat::checksum_detail {
namespace {

constexpr std::size_t kStep = 64;
// A 32-bit lane adds two 16-bit words in each step, so it cannot overflow within 2^15 steps.
constexpr std::size_t kMaxSteps = 0x8000;

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

// Two 32-byte vectors of 32-bit lanes. They are never passed or returned by value, because that depends on the ABI.
using Lanes = std::uint32_t __attribute__((vector_size(32)));

struct LaneSums {
  Lanes low{}, high{};
};

std::uint64_t add_up(const LaneSums& sums) {
  std::uint64_t sum = 0;
  for (int i = 0; i < 8; ++i) sum += std::uint64_t{sums.low[i]} + sums.high[i];
  return sum;
}

template <bool kCopy>
std::uint64_t generic_steps(std::uint8_t* out, const std::uint8_t* p, std::size_t steps) {
  LaneSums sums;
  for (; steps > 0; --steps, p += kStep) {
    Lanes a, b;
    std::memcpy(&a, p, sizeof a);
    std::memcpy(&b, p + sizeof a, sizeof b);
    if constexpr (kCopy) {
      std::memcpy(out, &a, sizeof a);
      std::memcpy(out + sizeof a, &b, sizeof b);
      out += kStep;
    }
    sums.low += (a & 0xffffu) + (a >> 16);
    sums.high += (b & 0xffffu) + (b >> 16);
  }
  return add_up(sums);
}

#ifdef LEAT_CHECKSUM_AVX2
/// The same function for AVX2. The compiler chooses the vector instructions by the target of a function, before
/// inlining.
template <bool kCopy>
__attribute__((target("avx2"))) std::uint64_t avx2_steps(std::uint8_t* out, const std::uint8_t* p, std::size_t steps) {
  LaneSums sums;
  for (; steps > 0; --steps, p += kStep) {
    Lanes a, b;
    std::memcpy(&a, p, sizeof a);
    std::memcpy(&b, p + sizeof a, sizeof b);
    if constexpr (kCopy) {
      std::memcpy(out, &a, sizeof a);
      std::memcpy(out + sizeof a, &b, sizeof b);
      out += kStep;
    }
    sums.low += (a & 0xffffu) + (a >> 16);
    sums.high += (b & 0xffffu) + (b >> 16);
  }
  return add_up(sums);
}
#endif

/// Sums whole steps, then the tail. With kCopy it also stores each word at `out`.
template <bool kCopy, bool kPortable = false>
inline std::uint64_t run(std::uint8_t* out, const std::uint8_t* p, std::size_t size) {
  std::uint64_t sum = 0;
  while (size >= kStep) {
    const std::size_t steps = size / kStep < kMaxSteps ? size / kStep : kMaxSteps;
#ifdef LEAT_CHECKSUM_AVX2
    const bool avx2 = !kPortable && __builtin_cpu_supports("avx2");
    sum += avx2 ? avx2_steps<kCopy>(out, p, steps) : generic_steps<kCopy>(out, p, steps);
#else
    sum += generic_steps<kCopy>(out, p, steps);
#endif
    p += steps * kStep, size -= steps * kStep;
    if constexpr (kCopy) out += steps * kStep;
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

std::uint64_t sum_portable(const std::uint8_t* data, std::size_t size) { return run<false, true>(nullptr, data, size); }

std::uint64_t copy_and_sum_fast(std::uint8_t* out, const std::uint8_t* data, std::size_t size) {
  return run<true>(out, data, size);
}

}  // namespace leat::checksum_detail
