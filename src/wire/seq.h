// Sequence numbers: 32 bits on a circle (RFC 9293 §3.4). They have no operator<, because the order of two numbers is
// defined only if they are less than 2^31 apart. is_before() compares such numbers.
#pragma once

#include <cstdint>

namespace leat {

class SeqNum {
 public:
  constexpr SeqNum() = default;
  constexpr explicit SeqNum(std::uint32_t raw) : raw_(raw) {}
  constexpr std::uint32_t raw() const { return raw_; }

  constexpr SeqNum operator+(std::uint32_t n) const { return SeqNum(raw_ + n); }
  constexpr SeqNum operator-(std::uint32_t n) const { return SeqNum(raw_ - n); }
  /// The signed distance from `other` to this one.
  constexpr std::int32_t operator-(SeqNum other) const { return static_cast<std::int32_t>(raw_ - other.raw_); }
  constexpr bool operator==(const SeqNum&) const = default;

 private:
  std::uint32_t raw_ = 0;
};

constexpr bool is_before(SeqNum a, SeqNum b) { return a - b < 0; }

}  // namespace leat
