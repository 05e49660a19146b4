// Initial sequence numbers by RFC 6528: a 4 us clock plus a keyed function of the 4-tuple.
//
// To the outside they are unpredictable without the key; for one tuple they follow the clock, so that a new
// incarnation starts above the old one unless that sent faster than 250 kB/s or lived for hours.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/siphash.h"
#include "leat/time.h"
#include "tcp/four_tuple.h"
#include "wire/seq.h"

namespace leat {

/// ISN = M + F(tuple, key) (RFC 6528 §3). `key` must serve nothing else.
constexpr SeqNum initial_sequence_number(const SipKey& key, const FourTuple& tuple, Instant now) {
  using FourMicroseconds = std::chrono::duration<std::int64_t, std::ratio<4, 1'000'000>>;
  const std::int64_t m = std::chrono::floor<FourMicroseconds>(now.time_since_epoch()).count();
  return SeqNum(static_cast<std::uint32_t>(m)) + static_cast<std::uint32_t>(hash_tuple<2, 4>(key, tuple));
}

}  // namespace leat
